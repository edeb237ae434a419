"""Changes one value of a YAML text and leaves every other letter, comments too, as its writer set it down."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml

from riverloop.apps.lab.words import N_
from riverloop.core.kernel.errors import InputError

Path = tuple[str | int, ...]
Found = tuple[yaml.Node, Any, yaml.Node]
"""A value, what it stands in, and its key (or itself, in a list)."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN = re.compile(r"[A-Za-z_][\w-]*")
_WORDS = {"null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "yes", "no", "on", "off", "y", "n"}


class EditedText:
    """A YAML text whose values can be replaced in place.

    Args:
        text: a mapping, already known to be YAML.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._root: Any = yaml.compose(text, Loader=_Loader)

    def put(self, path: Path, value: Any) -> EditedText:
        """Return the text with a value at a path, there already or new in a mapping that is.

        Args:
            path: keys and places that lead to the value.
            value: a number, a text, a list or a mapping of such.

        Raises:
            InputError: the value is shared with other places by an alias, or there is no mapping to put it in.
        """
        return self.put_all([(path, value)])

    def put_all(self, changes: Iterable[tuple[Path, Any]]) -> EditedText:
        """Return the text with several values, none within another; see ``put``."""
        there, new = [], []
        for path, value in changes:
            found = self._find(path)
            if found is None:
                new.append((path, value))
            else:
                there.append(self._replacement(path, found, value))
        text = self.text
        for begin, end, written_value in sorted(there, reverse=True):  # from the end, so that no place moves
            text = text[:begin] + written_value + text[end:]
        edited = EditedText(text) if there else self
        for path, value in new:
            edited = edited.add(path, value)
        return edited

    def _replacement(self, path: Path, found: Found, value: Any) -> tuple[int, int, str]:
        node, parent, _ = found
        begin, end = _begin(node), self._end(node)
        if self.text[begin : begin + 1] == "&":
            raise _shared(path)
        lacking = parent.start_mark.column + 1 - node.start_mark.column if _stands_below(node, parent) else 0
        return begin, end, " " * max(lacking, 0) + written(value)

    def without(self, path: Path) -> EditedText:
        """Return the text without a key of a mapping; as it is if there is none."""
        found = self._find(path)
        if found is None:
            return self
        node, parent, key = found
        begin, end = _begin(key), self._end(node)
        if parent.flow_style:
            after = re.compile(r"\s*,\s*").match(self.text, end)
            before = re.compile(r",\s*\Z").search(self.text[:begin])
            end = after.end() if after else end
            begin = before.start() if before and not after else begin
            return EditedText(self.text[:begin] + self.text[end:])
        line_begin = self.text.rfind("\n", 0, begin) + 1
        if self.text[line_begin:begin].strip():  # the dash of a list stands before it, and stays
            following = [_begin(one) for one, _ in parent.value if _begin(one) > begin]
            return EditedText(self.text[:begin] + self.text[min(following, default=end) :])
        line_end = self.text.find("\n", end)
        return EditedText(self.text[:line_begin] + (self.text[line_end + 1 :] if line_end >= 0 else ""))

    def _find(self, path: Path) -> Found | None:
        """Return the node at a path, the one that it stands in, and its key (or itself, in a list)."""
        node, parent, key = self._root, self._root, self._root
        for step in path:
            parent = node
            if isinstance(node, yaml.MappingNode):
                pairs = [(one, child) for one, child in node.value if one.value == step]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                pairs = [(node.value[step], node.value[step])]
            else:
                return None
            if not pairs:
                return None
            key, node = pairs[-1]
            if _begin(node) < _begin(key):  # an alias stands for what was written before
                raise _shared(path)
        return (node, parent, key) if node is not None else None

    def _end(self, node: yaml.Node) -> int:
        """Return where a value really ends: a block's own mark stands at whatever comes next."""
        if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        key, value = last if isinstance(last, tuple) else (node, last)
        if _begin(value) >= _begin(key):
            return self._end(value)
        lines = self.text[: node.end_mark.index].rstrip().split("\n")
        while lines[-1].lstrip().startswith("#"):
            lines = "\n".join(lines[:-1]).rstrip().split("\n")
        return len("\n".join(lines))

    def add(self, path: Path, value: Any) -> EditedText:
        """Return the text with a key that is not there yet; see ``put``."""
        found = self._find(path[:-1])
        parent = found[0] if found else None
        if not isinstance(parent, yaml.MappingNode):
            raise InputError(
                "lab.nowhere", N_('There is no place for "{name}". Add it in the text itself.'), name=_name(path)
            )
        entry = f"{path[-1]}: {written(value)}"
        if parent.flow_style:
            end = self._end(parent) - 1
            before = self.text[:end].rstrip()
            joined = entry if before.endswith(("{", ",")) else f", {entry}"
            return EditedText(before + joined + self.text[end:])
        if len(path) == 1:
            return EditedText(f"{self.text.rstrip()}\n{entry}\n")
        indent = " " * parent.start_mark.column
        first = parent.value[0][1]
        if (
            _begin(first) < _begin(parent) or not first.start_mark.line == first.end_mark.line == parent.start_mark.line
        ):  # the first value goes on below
            begin = _begin(parent)
            return EditedText(f"{self.text[:begin]}{entry}\n{indent}{self.text[begin:]}")
        line_end = self.text.find("\n", self._end(first))
        line_end = len(self.text) if line_end < 0 else line_end
        return EditedText(f"{self.text[:line_end]}\n{indent}{entry}{self.text[line_end:]}")


def written(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str) and (not _PLAIN.fullmatch(value) or value in _WORDS):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def _begin(node: yaml.Node) -> int:
    return int(node.start_mark.index)


def _stands_below(node: yaml.Node, parent: yaml.Node) -> bool:
    """Whether a block stands on lines of its own, where a list may be as far left as its key."""
    return isinstance(node, yaml.CollectionNode) and not node.flow_style and isinstance(parent, yaml.MappingNode)


def _name(path: Path) -> str:
    return ".".join(map(str, path))


def _shared(path: Path) -> InputError:
    return InputError(
        "lab.shared",
        N_('"{name}" is shared with other places of the text (* and &). Change it in the text itself.'),
        name=_name(path),
    )
