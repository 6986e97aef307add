"""Callbacks of scikit-learn that several tests use."""


class Interrupt:
    """Press Ctrl-C, or raise an error, at the end of an iteration."""

    def __init__(self, at=2, error=KeyboardInterrupt):
        self.at = at
        self.error = error

    def setup(self, estimator, context):
        self.n_ended, self.torn_down = 0, False

    def teardown(self, estimator, context):
        self.torn_down = True

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "iteration":
            self.n_ended += 1
            if self.n_ended == self.at:
                raise self.error


class AfterEachPass:
    """Call a function of the network as it is, and stop after some pass."""

    def __init__(self, see=lambda model: None, stop_at=None):
        self.see, self.stop_at, self.seen = see, stop_at, []

    def setup(self, estimator, context):
        self.max_subtasks = context.max_subtasks

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.task_name == "iteration":
            self.seen.append(self.see(fitted_estimator))
        return len(self.seen) == self.stop_at
