"""Run the released code of weight-agnostic networks, some generations at a time.

Stand-alone: started as a script by ``_evolution``, with one argument, a JSON object:
``folder`` (WANNRelease/WANN of github.com/google/brain-tokyo-workshop), ``data``
(folder of X.npy and y.npy), ``settings`` (that differ from p/default_wan.json) and
``seed``. Each line on standard input is a number of generations; each line on standard
output says what they took. Needs numpy and that folder only: its evaluation by MPI is
done in this process, and gym and cv2, which classification hardly uses, are stood in
for.
"""

import contextlib
import json
import sys
import time
import types
from pathlib import Path

import numpy as np


def stand_in(name, **members):
    """Put a module with some members in the place of one that need not be there."""
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module
    return module


def import_released(folder, X, y):
    """Import its package ``wann_src``; both its data sets are then X and y."""
    spaces = stand_in("gym.spaces", Box=lambda *args, **options: None)
    # The environment asks for a generator and never draws from it.
    seeding = stand_in("gym.utils.seeding", np_random=lambda seed: (None, seed))
    utils = stand_in("gym.utils", seeding=seeding)
    stand_in("gym", Env=object, spaces=spaces, utils=utils)
    stand_in("cv2")
    sys.path.insert(0, str(folder))
    import domain.classify_gym
    import wann_src

    domain.classify_gym.digit_raw = lambda: (X, y)
    domain.classify_gym.mnist_256 = lambda: (X, y)
    return wann_src


def generations(job):
    """Search for ever; yield seconds, smallest loss and that network's connections."""
    data, folder = Path(job["data"]), Path(job["folder"])
    X, y = np.load(data / "X.npy"), np.load(data / "y.npy")
    wann_src = import_released(folder, X, y)
    from domain.config import games

    np.random.seed(job["seed"])  # it knows no other way
    settings = wann_src.loadHyp(str(folder / "p" / "default_wan.json"))
    settings.update(job["settings"])
    game = games[settings["task"]]
    task = wann_src.Task(game, nReps=settings["alg_nReps"])
    settings |= {
        "ann_nInput": task.nInput,
        "ann_nOutput": task.nOutput,
        "ann_initAct": task.activations[0],
        "ann_actRange": task.actRange,
    }
    search = wann_src.Wann(settings, None, 0)
    while True:
        begun = time.perf_counter()
        population = search.ask()
        # As the workers do: one seed, and so one batch, for the whole population.
        seed = np.random.randint(1000)
        rewards = np.array(
            [
                task.getDistFitness(
                    one.wMat.flatten(), one.aVec.flatten(), settings, seed=seed
                )
                for one in population
            ]
        )
        search.tell(rewards)
        seconds = time.perf_counter() - begun
        best = int(rewards.mean(axis=1).argmax())
        yield seconds, -rewards[best].mean(), int(population[best].nConn)


def main():
    """Print a line of JSON for each line that is read."""
    out = sys.stdout
    # What the released code prints is not part of the answer.
    with contextlib.redirect_stdout(sys.stderr):
        found = generations(json.loads(sys.argv[1]))
        for line in sys.stdin:
            rounds = [next(found) for _ in range(int(line))]
            seconds, losses, connections = zip(*rounds, strict=True)
            answer = {
                "seconds": sum(seconds) / len(seconds),
                "loss": float(losses[-1]),
                "connections": connections[-1],
            }
            print(json.dumps(answer), file=out, flush=True)


if __name__ == "__main__":
    main()
