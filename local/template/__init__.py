"""The synthesized CloudFormation templates, read as the one description of the system."""
