"""The loan tape on disk: CSV, workbook or Parquet with its sidecar and schedule, read whole or in batches; and written."""
