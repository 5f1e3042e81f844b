"""Write the published build as a website that needs neither server nor network."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warehouse.report.site import report

__all__ = ["report"]


def __getattr__(name: str):
    """The report is read in when it is written: its words are for the terminal, too."""
    if name != "report":
        raise AttributeError(name)
    from warehouse.report.site import report

    return report
