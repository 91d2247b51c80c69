"""The variants of every model that have fixtures: one file a model, found by its being here.

A file has `MODEL`, upstream's class; `FORWARD`, a list of (shared arguments, rows of name and what differs) for `models.py`;
and `TRAINING`, rows of name and arguments for `training.py`. `VAL_SIZE`, where there is one, is how many rows of each series
its trainings validate on. `flat`, where there is one, says of which parameters of a model the gradient is 0 whatever the data are.
"""

import importlib
import pkgutil

EXOG = dict(futr_exog_list=["f1", "f2"], hist_exog_list=["x1", "x2"], stat_exog_list=["s1"])
EXOG_2 = dict(EXOG, stat_exog_list=["s1", "s2"])
# Numbers and categories in turn, categories in another order than their columns.
CATEGORIES = dict(EXOG_2, futr_exog_list=["f1", "f2", "nf3"], cat_exog_list=["s1", "nf3", "x1", "f1"],
                  categorical_cardinalities=dict(f1=3, nf3=4, x1=3, s1=3))
# Nothing but categories.
ONLY_CATEGORIES = dict(futr_exog_list=["bf"], hist_exog_list=["x1"], stat_exog_list=["s1"], cat_exog_list=["bf", "x1", "s1"],
                       categorical_cardinalities=dict(bf=2, x1=5, s1=9))

# Training is 30 steps over every window of every series.
STEPS = 30
SHORT = dict(h=6, input_size=12, max_steps=STEPS, val_check_steps=10, num_lr_decays=3, windows_batch_size=None,
             batch_size=8, learning_rate=5e-3)
# Lengths of the series of a training, and of one series alone.
LENGTHS = [72, 60, 51]
ONE_SERIES = LENGTHS[:1]


def models(only: str | None = None) -> list:
    """The modules of all models in order of their names, or the one called `only`."""
    names = [module.name for module in pkgutil.iter_modules(__path__) if only in (None, module.name)]
    assert names, f"cases/{only}.py does not exist"
    return [importlib.import_module(f"{__name__}.{name}") for name in names]
