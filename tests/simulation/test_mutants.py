"""The soak is worth something: it notices each of the small wrongs of `mutants`."""

from __future__ import annotations

import pytest
from mutants import MUTANTS, Mutant, first_caught

SEEDS = range(400)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_soak_catches_mutant(mutant: Mutant) -> None:
    """Some seed fails with this mutant, most of them within the first few."""
    caught = first_caught(mutant, SEEDS, 64)
    assert caught is not None, f"no seed of {SEEDS} notices that {mutant.name}"
