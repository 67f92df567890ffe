"""Babelcast: continuous live speech translation through a batching Lambda."""
