"""One module per vendor service: the only place that speaks to AWS."""
