"""The image sets that are known by name, and the facts that verify them.

References
----------
LeCun, Cortes and Burges (1998), "The MNIST database of handwritten digits".
Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST", arXiv 1708.07747.
Krizhevsky (2009), "Learning multiple layers of features from tiny images".
"""

from dataclasses import dataclass, field

__all__ = ["IDX_FILES", "IMAGES", "ImageSet"]

# The four original files of MNIST and of Fashion-MNIST: (part, what) -> name.
IDX_FILES = {
    ("train", "X"): "train-images-idx3-ubyte",
    ("train", "y"): "train-labels-idx1-ubyte",
    ("test", "X"): "t10k-images-idx3-ubyte",
    ("test", "y"): "t10k-labels-idx1-ubyte",
}


@dataclass(frozen=True)
class ImageSet:
    """What is known of an image set with a published train and test part.

    Attributes
    ----------
    title : str
        Name for people.
    openml : str
        Name on OpenML (version 1).
    image_shape : tuple of int
        Height and width, and channels if there are several.
    n_train, n_test : int
        Number of images in the two parts.
    classes : tuple of str
        Names of the classes 0, 1, 2, ...
    first_labels : dict of str to str
        First ten labels of the two parts, which tell whether rows stand in the
        published order.
    md5 : dict of str to str
        MD5 digests of the *uncompressed* idx files, so that files compressed
        anew are accepted.
    """

    title: str
    openml: str
    image_shape: tuple
    n_train: int
    n_test: int
    classes: tuple
    first_labels: dict
    md5: dict = field(default_factory=dict)

    @property
    def n_features(self):
        """Number of pixels times channels."""
        n = 1
        for size in self.image_shape:
            n *= size
        return n


_FINE_CLASSES = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy
    bridge bus butterfly camel can castle caterpillar cattle chair chimpanzee clock
    cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
    forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion
    lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange
    orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
    possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper
    snail snake spider squirrel streetcar sunflower sweet_pepper table tank
    telephone television tiger tractor train trout tulip turtle wardrobe whale
    willow_tree wolf woman worm
"""

IMAGES = {
    "mnist": ImageSet(
        title="MNIST",
        openml="mnist_784",
        image_shape=(28, 28),
        n_train=60_000,
        n_test=10_000,
        classes=tuple("0123456789"),
        first_labels={"train": "5041921314", "test": "7210414959"},
        md5={
            "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
            "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
            "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
            "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
        },
    ),
    "fashion-mnist": ImageSet(
        title="Fashion-MNIST",
        openml="Fashion-MNIST",
        image_shape=(28, 28),
        n_train=60_000,
        n_test=10_000,
        classes=(
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
        first_labels={"train": "9003027255", "test": "9211614657"},
        # Taken from .gz files whose own digests are the published ones.
        md5={
            "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
            "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
            "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
        },
    ),
    "cifar10": ImageSet(
        title="CIFAR-10",
        openml="CIFAR_10",
        image_shape=(32, 32, 3),
        n_train=50_000,
        n_test=10_000,
        classes=(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck",
        ),
        first_labels={"train": "6994112783", "test": "3880661631"},
    ),
    # With its fine labels.
    "cifar100": ImageSet(
        title="CIFAR-100",
        openml="CIFAR-100",
        image_shape=(32, 32, 3),
        n_train=50_000,
        n_test=10_000,
        classes=tuple(_FINE_CLASSES.split()),
        first_labels={"train": "192901118690282331", "test": "4933725171921514230"},
    ),
}
