"""Signing in by OpenID Connect, more strictly than allauth does by itself.

The identity token's signature is verified against the issuer's published keys even when it came by a direct call, the
issuer is the one that is set up, and what the issuer says of the user besides is of the same subject (OpenID Connect
Core 1.0, sections 3.1.3.7 and 5.3.2).
"""

from __future__ import annotations

from typing import Any

import jwt
import requests
from allauth.account.internal.decorators import login_not_required
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse

_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})


class StrictAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """allauth's, that believes nothing unsigned."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the issuer says of itself, if it is the issuer that is set up."""
        try:
            config: dict[str, Any] = super().openid_config
        except (requests.RequestException, ValueError) as error:
            raise OAuth2Error("The issuer does not answer") from error
        wanted = str(self.get_provider().app.settings["server_url"]).split("/.well-known/")[0]
        if str(config.get("issuer", "")).rstrip("/") != wanted.rstrip("/"):
            raise OAuth2Error("The issuer is another one than was set up")
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **named: Any) -> Any:
        """Return who the issuer says it is."""
        raw = (named.get("response") or {}).get("id_token")
        if not raw:
            raise OAuth2Error("The issuer gave no identity token")
        told = self._decode_id_token(app, raw)
        besides = self._fetch_user_info(token.token) if self.openid_config.get("userinfo_endpoint") else told
        if besides.get("sub") != told.get("sub"):
            raise OAuth2Error("The issuer speaks of two subjects")
        return self.get_provider().sociallogin_from_response(request, {"userinfo": besides, "id_token": told})

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            algorithm = jwt.get_unverified_header(id_token).get("alg")
        except jwt.PyJWTError as error:
            raise OAuth2Error("Invalid id_token") from error
        if algorithm not in _ALGORITHMS:
            raise OAuth2Error("Invalid id_token")
        try:
            told: dict[str, Any] = jwtkit.verify_and_decode(
                credential=id_token,
                keys_url=self.openid_config["jwks_uri"],
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                lookup_kid=jwtkit.lookup_kid_jwk,
            )
        except (KeyError, TypeError, ValueError) as error:  # a token or a key that is not of the standard's form
            raise OAuth2Error("Invalid id_token") from error
        return told


@login_not_required  # type: ignore[untyped-decorator]
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send the reader to the issuer."""
    return _view(OAuth2LoginView, request, provider_id)


@login_not_required  # type: ignore[untyped-decorator]
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take the reader back from the issuer."""
    return _view(OAuth2CallbackView, request, provider_id)


def _view(kind: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    adapter = StrictAdapter(request, provider_id)
    try:
        provider = adapter.get_provider()
    except SocialApp.DoesNotExist:
        raise Http404 from None
    try:
        response: HttpResponse = kind.adapter_view(adapter)(request)
    except (OAuth2Error, requests.RequestException) as error:  # an issuer that does not answer is no fault of ours
        response = render_authentication_error(request, provider, exception=error)
    return response
