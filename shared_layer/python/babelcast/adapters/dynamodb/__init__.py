"""DynamoDB: the tables of docs/architecture.md."""
