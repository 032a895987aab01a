"""How two servers' answers to the same scripts differ, by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from testbed.segment_player import Answer, Conversation
from testbed.segment_scripts import Segment, flag_letters


@dataclass(frozen=True)
class Difference:
    """Of one step; later ones of the same script may only follow from it."""

    seed: int
    step: int
    segment: Segment
    one: tuple[Answer, ...]
    other: tuple[Answer, ...]

    @property
    def kind(self) -> str:
        """Its class: to what, and how it differs."""
        one, other = _outline(self.one), _outline(self.other)
        if one == other:
            one, other = "same", ", ".join(_deviations(self.one, self.other))
        return f"{self.segment.event} ({self.segment.stage.value}): {one} | {other}"

    def __str__(self) -> str:
        answers = [" + ".join(map(str, answers)) or "silence" for answers in (self.one, self.other)]
        where = f"seed {self.seed} step {self.step}"
        return f"{where}: {self.segment}\n    {answers[0]}\n    {answers[1]}"


def _outline(answers: Sequence[Answer]) -> str:
    return " + ".join(
        flag_letters(answer.flags) + (" data" if answer.length else "") for answer in answers
    ) or "silence"


def _deviations(one: Sequence[Answer], other: Sequence[Answer]) -> list[str]:
    names = set()
    for left, right in zip(one, other):
        names |= {name for name in vars(left) if getattr(left, name) != getattr(right, name)}
        if left.options != right.options:
            names.discard("options")
            names |= {f"-{option}" for option in left.options - right.options}
            names |= {f"+{option}" for option in right.options - left.options}
    return sorted(names)


def _without_options(answers: Sequence[Answer]) -> list[tuple[object, ...]]:
    return [
        (answer.flags, answer.sequence, answer.acknowledgment, answer.length, answer.zero_window)
        for answer in answers
    ]


def differences(one: Conversation, other: Conversation) -> list[Difference]:
    """All up to the first that is more than one of options: from there on the two have diverged."""
    found = []
    for step, (left, right) in enumerate(zip(one.steps, other.steps)):
        if left == right:
            continue
        segment = one.script.segments[step]
        found.append(Difference(one.script.seed, step, segment, tuple(left), tuple(right)))
        if _without_options(left) != _without_options(right):
            break
    return found
