"""How far behind the speaker a listener is, word by word, beside the design that Babelcast replaces."""
