"""How much a stage of Babelcast holds, what breaks first, and what it costs: a discrete-event model of one."""
