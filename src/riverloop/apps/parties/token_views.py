"""API tokens of one's own account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from riverloop.apps.parties import second_factor
from riverloop.apps.parties.forms import TokenForm
from riverloop.apps.parties.here import mistake_text
from riverloop.apps.parties.models import ApiToken, User
from riverloop.apps.parties.tokens import token_end, token_make
from riverloop.apps.parties.views import account_of
from riverloop.apps.parties.words import TOKEN_SCOPES
from riverloop.core.kernel.errors import RiverloopError

_MOST_SHOWN = 100


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """List one's tokens and make one, which is shown this once. Making one asks again who it is."""
    user = account_of(request)
    again = second_factor.asked_again(request, user)
    if again:
        return redirect(again)
    form, text = TokenForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            _token, text = token_make(
                user=user, with_second_factor=second_factor.was_given(request, user), **form.cleaned_data
            )
            form = TokenForm()
        except RiverloopError as error:
            form.add_error(None, mistake_text(error))
    context = {"form": form, "text": text, "rows": _rows(user)}
    return render(request, "parties/tokens.html", context)


def _rows(user: User) -> list[dict[str, object]]:
    now = timezone.now()
    return [
        {
            "token": token,
            "scopes": [_(TOKEN_SCOPES[scope]) for scope in token.scopes if scope in TOKEN_SCOPES],
            "lives": token.ended_at is None and token.expires_at > now,
        }
        for token in user.api_tokens.order_by("-made_at", "id")[:_MOST_SHOWN]
    ]


@require_POST
def end(request: HttpRequest, token_id: str) -> HttpResponse:
    """End one of one's tokens at once; that takes no second factor."""
    token_end(token=get_object_or_404(ApiToken, user=account_of(request), pk=token_id))
    return redirect("parties:tokens")
