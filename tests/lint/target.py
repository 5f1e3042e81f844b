"""dbt's `target` to the linter: the demo's."""

name = "demo"
type = "duckdb"
