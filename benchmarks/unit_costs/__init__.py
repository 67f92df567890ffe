"""The processor's time that Babelcast itself takes for each unit of its work."""
