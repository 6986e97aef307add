"""What all experiments share: values, runs, records, reports."""
