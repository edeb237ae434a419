"""What the worker does for notices each time round: try again what waits in its outboxes."""

from __future__ import annotations

from riverloop.apps.notices.channel import channels_keep, channels_push
from riverloop.apps.notices.mails import mails_send
from riverloop.apps.notices.messages import messages_deliver
from riverloop.apps.notices.webhooks import deliveries_send
from riverloop.apps.runs import work

_PATIENCE_SECONDS = 2  # whoever sent a message delivers it right after its commit

work.every_round("messages", lambda: messages_deliver(patience_seconds=_PATIENCE_SECONDS))
work.alongside("channel", channels_keep, once=channels_push)
work.every_round("mails", mails_send)
work.every_round("webhooks", deliveries_send)
