"""What tests of the channel between two nodes share: the way between them, and what is sent and arrives on it."""

import json

from django.db import transaction
from django.utils import timezone

from riverloop.apps.nodes.calling import PeerError, RefusedError
from riverloop.apps.nodes.endpoints import function_of
from riverloop.apps.notices.messages import Outgoing, messages_send
from riverloop.apps.notices.models import Channel, Message
from riverloop.apps.record.sequencing import sequence
from riverloop.core.kernel.errors import InputError


class Way:
    """The way from cn's node to hk's: it hands on, unless told to do otherwise with a push or its answer."""

    def __init__(self, nodes):
        self.nodes, self.pushes = nodes, []
        self.before = self.after = lambda content: content

    def __call__(self, own, side, name, body):
        if name != "messages":
            return self.hand_on(own, side, name, body)
        sent = self.before(body)
        self.pushes.append(sent)
        return self.after(self.hand_on(own, side, name, sent))

    def hand_on(self, own, side, name, body):
        try:
            with self.nodes.at(side):
                return function_of(name)(own, side, body)
        except InputError as error:
            raise RefusedError("test.refused", "Side {side} refused it: {line}", side=side, line=error.text()) from None


def send(*subjects, sequenced=True):
    bodies = [{"movement": one, "outcome": "cleared", "number": n} for n, one in enumerate(subjects)]
    outgoing = [Outgoing("side.decided", "side_decision", "goods", body["movement"], body) for body in bodies]
    with transaction.atomic():
        sent = messages_send(from_side="cn", to_side="hk", outgoing=outgoing)
    if sequenced:
        sequence("cn")
    return sent


def arrived():
    return list(Message.objects.filter(owner_side="hk").order_by("place").values_list("ref", flat=True))


def states():
    return set(Message.objects.filter(owner_side="cn").values_list("state", flat=True))


def due():
    """Let everything that waits for another try be due now."""
    Message.objects.filter(state="queued").update(next_try_at=timezone.now())


def cut(_content):
    raise PeerError("test.cut", "The node of side {side} does not answer.", side="hk")


def altered(**parts):
    """Alter the first message of a push on its way."""

    def alter(content):
        told = json.loads(content)
        told["signed"][0].update(parts)
        return json.dumps(told).encode()

    return alter


def forget(count, lost):
    """Restore side hk's node to before some messages, of which cn keeps the first ones no longer."""
    following = Channel.objects.get(owner_side="hk").next_place - count
    Message.objects.filter(owner_side="hk", place__gte=following).delete()
    Channel.objects.filter(owner_side="hk").update(next_place=following)
    Message.objects.filter(owner_side="cn", place__gte=following, place__lt=following + lost).delete()
