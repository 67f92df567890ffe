"""What `make check-mutants` takes away is there, leaves sources that can be read, and has a test to notice it."""

import ast

import pytest

from scripts.check_mutants import MUTATIONS, ROOT, Mutation, MutationError, read_mutations

ALL = read_mutations()
KINDS = {"token", "owner", "role", "join key", "session ids", "rate", "limit", "size", "privacy", "told"}


def test_every_kind_of_check_is_taken_away_and_each_once() -> None:
    assert {each.guards.partition(":")[0] for each in ALL} == KINDS
    assert len({each.guards for each in ALL}) == len(ALL) > 35


@pytest.mark.parametrize("mutation", ALL, ids=lambda each: each.guards)
def test_a_check_is_where_it_is_said_to_be(mutation: Mutation) -> None:
    source = (ROOT / mutation.file).read_text(encoding="utf-8")
    mutated = mutation.applied(source)
    assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(source)), "something else is done"
    path, test = mutation.test.split("::")
    functions = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    assert test in {each.name for each in functions if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("source", ["", "check\ncheck\n"])
def test_a_check_that_is_gone_or_there_twice_is_told(source: str) -> None:
    mutation = Mutation(guards="a door", file="door.py", old="check", new="", test="test_door.py::test_door")
    with pytest.raises(MutationError, match="a door"):
        mutation.applied(source)
    assert MUTATIONS.is_file()
