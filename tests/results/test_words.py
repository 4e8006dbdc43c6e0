"""What results say in words."""

from __future__ import annotations

from weightinit_cli.results.words import full_name


def test_what_was_set_follows_the_name():
    assert full_name("relu_he", None) == full_name("relu_he", ()) == "relu_he"
    assert full_name("relu_he", ("activation=tanh",)) == "relu_he, activation = tanh"
    several = ("initializer={name: normal,\n std: 1}", "seed = 3", "name=a=b", "seed=4")
    assert full_name("x", several) == (
        "x, initializer = {name: normal, std: 1}, seed = 4, name = a=b"
    )


def test_of_very_much_that_was_set_the_first_is_told():
    many = [f"key{number}={number}" for number in range(9)]
    assert full_name("x", many[:5]).endswith("key4 = 4")
    assert full_name("x", many) == "x, key0 = 0, key1 = 1, key2 = 2, key3 = 3, 5 more set"
    assert len(full_name("x", (f"width={list(range(500))}",))) < 70
