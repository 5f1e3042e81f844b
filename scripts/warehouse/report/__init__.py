"""Write the published build as a website that needs neither server nor network."""

from warehouse.report.site import report

__all__ = ["report"]
