"""The Python side of the KPI warehouse: one command, one module a verb."""
