"""What Babelcast means: pure values and policies. Standard library only."""
