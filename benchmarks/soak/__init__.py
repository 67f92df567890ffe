"""Minutes of tone speech through whole stacks while their parts are hurt."""
