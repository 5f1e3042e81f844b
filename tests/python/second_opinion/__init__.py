"""A second opinion on the KPIs: computed with Polars from the landed files alone.

Every function was written from the dictionary of the KPIs, the decisions and the seeds,
by somebody who had not read the models' SQL. `OPINIONS` lists them, by the KPI's id.
"""

import importlib
import pkgutil

from second_opinion.registry import OPINIONS, Opinion

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")

__all__ = ["OPINIONS", "Opinion"]
