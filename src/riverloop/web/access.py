"""Who may open which page: one table, and the middleware that holds every request to it.

A page that is not in the table is closed to all. What a page shows of a row, the selectors decide: a row that is
not visible to an account is, for it, not there (404).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from riverloop.apps.documents.contents import MOST_BYTES
from riverloop.apps.parties import second_factor
from riverloop.apps.parties.models import ROLE_SCOPES, User
from riverloop.web.api import operations, problems

PUBLIC = "public"  # nobody signed in
SIGNED_IN = "signed in"  # an account, whatever its roles
ROLES = tuple(ROLE_SCOPES)

EVERYONE = frozenset({PUBLIC, SIGNED_IN})
ACCOUNTS = frozenset({SIGNED_IN})


@dataclass(frozen=True, slots=True)
class Page:
    """A row of the table.

    Args:
        name: of the address, as ``urls.py`` has it.
        who: roles that may open it; ``signed in`` stands for every account.
        shows: what it is, in plain English, for docs/permissions.md.
        before_second_factor: whether an account may open it that still owes its second factor.
        files_bytes: how much its form takes in files; 0 for no more than any form.
    """

    name: str
    who: frozenset[str]
    shows: str
    before_second_factor: bool = False
    files_bytes: int = 0

    def admits(self, user: Any) -> bool:
        """Say whether somebody may open the page at all."""
        if not isinstance(user, User):
            return PUBLIC in self.who
        return SIGNED_IN in self.who or any(role.kind in self.who for role in user.held_roles)


def _only(*roles: str) -> frozenset[str]:
    return frozenset(roles)


_READERS = _only("coordinator", "officer", "auditor")

_MOVEMENT_READERS = _only("holder", "coordinator", "officer", "gate", "auditor")

_TABLE = [
    # Open to all: the law, the zone, and deciding without being kept
    Page("home", EVERYONE, "The start page"),
    Page("preferences", EVERYONE, "Language and theme"),
    Page("healthz", EVERYONE, "How the node is; details to this computer itself, or by RIVERLOOP_METRICS_TOKEN alone"),
    Page("metrics", EVERYONE, "Numbers for Prometheus: to this computer itself, or by RIVERLOOP_METRICS_TOKEN alone"),
    Page("clearance:decide", EVERYONE, "Declare a movement and see what both laws say"),
    Page("clearance:result", EVERYONE, "The decision"),
    Page("clearance:movement_json", EVERYONE, "The declaration as JSON"),
    Page("clearance:decision_json", EVERYONE, "The decision as JSON"),
    Page("clearance:rules", EVERYONE, "Every rule"),
    Page("clearance:rule", EVERYONE, "One rule"),
    Page("clearance:measures", EVERYONE, "Every law"),
    Page("clearance:measure", EVERYONE, "One law"),
    Page("clearance:facts", EVERYONE, "Every fact that may be asked"),
    # Tables of movements, and the earliest crossing of one
    Page(
        "clearance:import_new",
        _only("coordinator"),
        "Hand in a table of movements; those handed in before",
        files_bytes=MOST_BYTES,
    ),
    Page("clearance:import_template", _only("coordinator"), "The template of such a table"),
    Page("clearance:import", _only("coordinator"), "One table: each row, its outcome or its mistake"),
    Page("clearance:import_file", _only("coordinator"), "File what a table holds"),
    Page("clearance:import_discard", _only("coordinator"), "Drop a table that was not filed"),
    Page("clearance:import_results", _only("coordinator"), "What came of each row, as a table"),
    Page("clearance:movement_earliest", _only("coordinator", "holder"), "When a movement may cross at the earliest"),
    Page("place:zone", EVERYONE, "The zone"),
    Page("parties:retention", EVERYONE, "How long things are kept"),
    Page("record:log", EVERYONE, "What the logs are, how far each is, and how anyone checks them"),
    Page("record:checkpoint", EVERYONE, "The newest signed checkpoint of a log"),
    Page("record:vkey", EVERYONE, "The verifier key of a log"),
    Page("record:cosigner_vkey", EVERYONE, "The verifier key of who countersigns a log"),
    Page("record:tile", EVERYONE, "A tile of a log, or a bundle of its entries: hashes and commitments"),
    # The API: the law, and deciding without being kept
    Page("api_docs", EVERYONE, "What programs can ask for"),
    Page("api_unknown", EVERYONE, "Says that there is no such address or method for programs"),
    Page("api:openapi", EVERYONE, "The description of the API, OpenAPI 3.1"),
    Page("api:facts_list", EVERYONE, "API: every fact that may be stated"),
    Page("api:fact_get", EVERYONE, "API: one fact"),
    Page("api:papers_list", EVERYONE, "API: every paper that the law may ask for"),
    Page("api:rules_list", EVERYONE, "API: every rule"),
    Page("api:rule_get", EVERYONE, "API: one rule"),
    Page("api:measures_list", EVERYONE, "API: every law"),
    Page("api:measure_get", EVERYONE, "API: one law"),
    Page("api:zone_get", EVERYONE, "API: the zone"),
    Page("api:decide", EVERYONE, "API: decide a movement without keeping it"),
    # The API: by token
    Page("api:me", ACCOUNTS, "API: whose token it is, and what it may do"),
    Page(
        "api:organisations_list",
        _only("coordinator", "operator", "officer", "auditor", "treasurer"),
        "API: organisations",
    ),
    Page("api:people_list", _only("coordinator", "auditor"), "API: people; the view is recorded"),
    Page("api:person_get", _only("holder", "coordinator", "auditor"), "API: one person; the view is recorded"),
    Page("api:movements_list", _MOVEMENT_READERS, "API: movements"),
    Page("api:movement_add", _only("coordinator"), "API: file a movement"),
    Page("api:movement_get", _MOVEMENT_READERS, "API: one movement; the view is recorded"),
    Page("api:movement_timeline", _MOVEMENT_READERS, "API: what happened to a movement"),
    Page("api:movement_restate", _only("coordinator"), "API: state facts of a movement anew"),
    Page("api:movement_withdraw", _only("coordinator"), "API: withdraw a movement"),
    Page("api:movement_cross", _only("officer", "gate"), "API: say that a movement has crossed"),
    Page("api:movement_find", _only("officer"), "API: state what an officer found"),
    Page("api:question_answer", _only("coordinator"), "API: answer what an authority asks"),
    Page("api:remedy_file", _only("holder", "coordinator"), "API: object to a refusal"),
    Page("api:file_add", _only("holder", "coordinator"), "API: hand in a file", files_bytes=MOST_BYTES),
    Page("api:files_list", _only("holder", "coordinator", "officer", "auditor"), "API: files"),
    Page("api:file_get", _only("holder", "coordinator", "officer", "auditor"), "API: what is known of a file"),
    Page("api:file_content", _only("holder", "coordinator", "officer", "auditor"), "API: a file itself"),
    Page("api:permit_add", _only("coordinator"), "API: add a permit"),
    Page("api:permits_list", _only("holder", "coordinator", "officer", "auditor"), "API: permits"),
    Page("api:permit_get", _only("holder", "coordinator", "officer", "auditor"), "API: one permit"),
    Page("api:permit_verify", _only("officer"), "API: verify or reject a permit"),
    Page("api:permit_end", _only("coordinator", "officer"), "API: end a permit"),
    Page("api:matters_list", _only("officer", "auditor"), "API: the queue"),
    Page("api:matter_get", _only("officer", "auditor"), "API: one matter; the view is recorded"),
    Page("api:matter_claim", _only("officer"), "API: claim a matter"),
    Page("api:matter_release", _only("officer"), "API: give a matter back"),
    Page("api:matter_ask", _only("officer"), "API: ask whoever filed for more"),
    Page("api:matter_decide", _only("officer"), "API: decide a matter, or propose it"),
    Page("api:matter_confirm", _only("officer"), "API: confirm what a colleague proposed"),
    Page("api:matter_hand_over", _only("officer"), "API: hand a matter to another authority"),
    Page("api:obligations_list", _only("holder", "coordinator", "auditor"), "API: what the laws ask to be done"),
    Page("api:obligation_set", _only("holder", "coordinator"), "API: say that something was done"),
    # Signing in
    Page("account_login", EVERYONE, "Sign in"),
    Page("account_signup", EVERYONE, "Says that accounts are made by invitation"),
    Page("account_inactive", EVERYONE, "Says that the account is closed"),
    Page("account_reset_password", EVERYONE, "Ask for a new password by mail"),
    Page("account_reset_password_done", EVERYONE, "Says that the mail was sent"),
    Page("account_reset_password_from_key", EVERYONE, "Set a new password from the mail"),
    Page("account_reset_password_from_key_done", EVERYONE, "Says that the password was set"),
    Page("mfa_authenticate", EVERYONE, "Show the second factor while signing in"),
    Page("mfa_login_webauthn", EVERYONE, "Sign in with a passkey"),
    Page("openid_connect_login", EVERYONE, "Sign in by OpenID Connect"),
    Page("openid_connect_callback", EVERYONE, "Come back from the issuer"),
    Page("socialaccount_login_cancelled", EVERYONE, "Says that signing in was cancelled"),
    Page("socialaccount_login_error", EVERYONE, "Says that signing in failed"),
    Page("socialaccount_signup", EVERYONE, "Says that accounts are made by invitation"),
    Page("parties:demo_sign_in", EVERYONE, "Enter a demo account; there only in demo mode"),
    Page("account_logout", EVERYONE, "Sign out"),
    # One's own account
    Page("parties:account", ACCOUNTS, "One's own account and roles", before_second_factor=True),
    Page("parties:second_factor_needed", ACCOUNTS, "Says that a role needs a second factor", before_second_factor=True),
    Page("account_reauthenticate", ACCOUNTS, "Type the password again", before_second_factor=True),
    Page("account_change_password", ACCOUNTS, "Change the password"),
    Page("account_set_password", ACCOUNTS, "Set a first password"),
    Page("mfa_index", ACCOUNTS, "One's second factors", before_second_factor=True),
    Page("mfa_reauthenticate", ACCOUNTS, "Show the second factor again", before_second_factor=True),
    Page("mfa_activate_totp", ACCOUNTS, "Add an authenticator app", before_second_factor=True),
    Page("mfa_deactivate_totp", ACCOUNTS, "Remove the authenticator app"),
    Page("mfa_view_recovery_codes", ACCOUNTS, "One's recovery codes"),
    Page("mfa_generate_recovery_codes", ACCOUNTS, "Make new recovery codes"),
    Page("mfa_download_recovery_codes", ACCOUNTS, "Recovery codes as a file"),
    Page("mfa_list_webauthn", ACCOUNTS, "One's passkeys and security keys"),
    Page("mfa_add_webauthn", ACCOUNTS, "Add a passkey or security key", before_second_factor=True),
    Page("mfa_reauthenticate_webauthn", ACCOUNTS, "Show the key again", before_second_factor=True),
    Page("mfa_remove_webauthn", ACCOUNTS, "Remove a key of one's own"),
    Page("mfa_edit_webauthn", ACCOUNTS, "Name a key of one's own"),
    Page("usersessions_list", ACCOUNTS, "Where one is signed in"),
    Page("parties:tokens", ACCOUNTS, "One's API tokens; making one asks again who it is"),
    Page("parties:token_end", ACCOUNTS, "End an API token of one's own"),
    Page("parties:role_end", ACCOUNTS, "End a role of one's own, or one that one looks after"),
    # Organisations and people
    Page(
        "parties:organisations",
        _only("coordinator", "operator", "officer", "treasurer", "auditor"),
        "The organisations that one may see",
    ),
    Page("parties:organisation_new", _only("operator"), "Add a tenant of one's own park"),
    Page(
        "parties:organisation",
        _only("coordinator", "operator", "officer", "treasurer", "auditor"),
        "An organisation; its park's operator invites coordinators",
    ),
    Page("parties:person_new", _only("coordinator"), "Add a person of one's organisation"),
    Page("parties:person_edit", _only("coordinator"), "Correct, invite and take off one's organisation's people"),
    # Movements
    Page("clearance:day", _only(*ROLES), "The board of a day: what is one's own; for some roles numbers alone"),
    Page("clearance:me", _only("holder"), "A holder's own crossings, reasons, remedies and days left"),
    Page("clearance:movements", _only("coordinator", "officer", "gate", "auditor"), "The movements one may see"),
    Page("clearance:movements_csv", _only("coordinator", "officer", "gate", "auditor"), "The same list as CSV"),
    Page("clearance:movement_new", _only("coordinator"), "File a movement"),
    Page(
        "clearance:movement",
        _only("holder", "coordinator", "officer", "gate", "auditor"),
        "One movement, as far as one may see it; the view is recorded",
    ),
    Page(
        "clearance:movement_changes",
        _only("holder", "coordinator", "officer", "auditor"),
        "Two versions of a movement side by side",
    ),
    Page("clearance:movement_proof", _only("auditor"), "What was recorded of a movement; the view is recorded"),
    Page("clearance:movement_proof_file", _only("auditor"), "The proof of one step; the view is recorded"),
    Page("clearance:movement_restate", _only("coordinator"), "State facts of a movement anew"),
    Page("clearance:movement_withdraw", _only("coordinator"), "Withdraw a movement"),
    Page("clearance:movement_cross", _only("gate", "officer"), "Record that a movement has crossed"),
    Page("clearance:movement_findings", _only("officer"), "State what an officer found; the view is recorded"),
    Page("clearance:question_answer", _only("coordinator"), "Answer what an authority asks"),
    Page("clearance:remedy_file", _only("holder", "coordinator"), "Ask for a refusal to be looked at again"),
    Page(
        "parties:people", _only("coordinator", "officer", "auditor"), "One's organisation's people; an officer's search"
    ),
    Page("parties:person", _only("holder", "coordinator", "officer", "auditor"), "One person; the view is recorded"),
    Page("parties:who_looked", _only("holder", "auditor"), "Who looked at oneself; an auditor: at anyone of the side"),
    # Files and permits
    Page("documents:permits", _READERS, "Permits: one's organisation's; an officer: what their authority vets"),
    Page("documents:permits_csv", _READERS, "The same as a table"),
    Page("documents:permit", _READERS, "One permit; if it names a person, the view is recorded"),
    Page("documents:permit_add", _only("coordinator"), "Add a permit", files_bytes=MOST_BYTES),
    Page("documents:permit_verify", _only("officer"), "Say whether a permit is what it states"),
    Page("documents:permit_end", _only("coordinator", "officer"), "End a permit"),
    Page("documents:files", _only("coordinator"), "The files of one's organisation"),
    Page("documents:upload", _only("coordinator"), "Attach a file", files_bytes=MOST_BYTES),
    Page("documents:file", ACCOUNTS, "A file as a download, to whoever may see what it is attached to; recorded"),
    Page("documents:file_erase", _only("coordinator"), "Erase a file"),
    # The lab
    Page("lab:traffic", EVERYONE, "Real passengers of control points, day by day"),
    Page("lab:traffic_csv", EVERYONE, "The same as a table"),
    Page("lab:home", _only("planner"), "What can be simulated: bundled scenarios, those of one's side, experiments"),
    Page("lab:scenario", _only("planner"), "A scenario to be changed, run and kept"),
    Page("lab:scenario_delete", _only("planner"), "Delete one's scenario"),
    Page("lab:scenario_restore", _only("planner"), "Give one's scenario the bundled text back"),
    Page("lab:experiments", _only("planner"), "The experiments of one's side"),
    Page("lab:experiment", _only("planner"), "One experiment: how far it is, or its answer"),
    Page("lab:experiment_ask", _only("planner"), "Ask something more of the same scenario"),
    Page("lab:experiment_again", _only("planner"), "Ask the same once more"),
    Page("lab:experiment_cancel", _only("planner"), "Stop one's experiment"),
    Page("lab:experiment_delete", _only("planner"), "Delete one's experiment"),
    Page("lab:experiment_yaml", _only("planner"), "The scenario of an experiment, as it was run"),
    Page("lab:experiment_json", _only("planner"), "The answer as JSON"),
    Page("lab:experiment_report", _only("planner"), "The answer as a report"),
    Page("lab:experiment_chart", _only("planner"), "The picture of one chart of the answer"),
    Page("lab:compare", _only("planner"), "Two to four simulations side by side"),
    Page("lab:compare_report", _only("planner"), "The same as a report"),
    Page("lab:compare_chart", _only("planner"), "The picture of one chart of them"),
    # Background work, webhooks, and what crossed between the sides
    Page("runs:runs", ACCOUNTS, "Background work that one started; an auditor: of the side"),
    Page("runs:run", ACCOUNTS, "How far one piece of it is"),
    Page("runs:cancel", ACCOUNTS, "Stop it"),
    Page("notices:webhooks", _only("coordinator"), "Addresses of one's own system that are told what happens"),
    Page("notices:webhook", _only("coordinator"), "One of them, and its latest calls"),
    Page("notices:webhook_test", _only("coordinator"), "Call it as a test"),
    Page("notices:webhook_end", _only("coordinator"), "Tell it nothing more"),
    Page("notices:delivery_resend", _only("coordinator"), "Call it again about the same"),
    Page("notices:messages", _only("auditor"), "What one side told the other"),
    Page("notices:message", _only("auditor"), "One message, as it was signed; reading it is recorded"),
    # The desk
    Page("desk:queue", _only("officer", "auditor"), "What waits for one's authority; an auditor: for any of the side"),
    Page("desk:next", _only("officer"), "Take the most urgent matter"),
    Page("desk:standing", _only("officer", "auditor"), "Standing answers of one's authority or side"),
    Page("desk:matter", _only("officer", "auditor"), "One matter; if it is about a person, the view is recorded"),
    Page("desk:obligations", _only("holder", "coordinator", "auditor"), "What one has to see to by a day"),
    Page("desk:obligations_ics", _only("holder", "coordinator", "auditor"), "The same as a calendar file"),
    Page("desk:feed", _only("holder", "coordinator"), "The address at which one's calendar reads the same"),
    Page("desk:feed_ics", EVERYONE, "The same for a calendar program that knows the address's secret"),
    Page("desk:requests", _only("holder"), "What one asks about what is kept about oneself"),
    Page("desk:copy", _only("holder"), "A copy of everything that is held about oneself"),
]
PAGES = {page.name: page for page in _TABLE}


class AccessMiddleware:
    """Holds every request to the table, and to the second factor that a role needs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        page = self.page_of(request)
        if page is not None and PUBLIC not in page.who:
            add_never_cache_headers(response)  # a shared computer's back button shows nobody's data
        return response

    def page_of(self, request: HttpRequest) -> Page | None:
        return PAGES.get(operations.page_name(request)) if request.resolver_match else None

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        page = self.page_of(request)
        if page is None:
            raise PermissionDenied
        if PUBLIC in page.who:
            return None
        if not isinstance(request.user, User):
            if problems.is_api(request):
                return problems.problem(request, "unauthenticated")
            # Only an address that was asked for can be gone back to; a form is not sent again by itself.
            back = urlencode({"next": request.get_full_path()}) if request.method == "GET" else ""
            return redirect(f"{reverse('account_login')}?{back}".rstrip("?"))
        if not page.admits(request.user):
            raise PermissionDenied
        if page.before_second_factor or not _owes_second_factor(request, request.user):
            return None
        if problems.is_api(request):
            return problems.problem(request, "unauthenticated")
        return redirect("parties:second_factor_needed")


def _owes_second_factor(request: HttpRequest, user: User) -> bool:
    """Say whether a role needs a second factor that neither the session nor the making of the token has shown."""
    token = getattr(request, "api_token", None)
    given = token.second_factor if token else second_factor.was_given(request, user)
    return second_factor.is_needed(user) and not given


def as_markdown() -> str:
    """Return docs/permissions.md."""
    columns = ["nobody", *ROLES]
    lines = [
        "# Who may open which page",
        "",
        "Made from the table in `src/riverloop/web/access.py` by `python -m tests.permissions`; a test opens every",
        "page as every role and compares. What a page shows of a row depends on whose it is: what is not visible to an",
        "account is, for it, not there. An account may hold several roles, and may do what any of them may.",
        "",
        "Every role but the holder's needs a second factor, shown in the session; the demo asks for none.",
        "",
        "| page | shows | " + " | ".join(columns) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    lines += [f"| `{page.name}` | {page.shows} | " + " | ".join(_cells(page)) + " |" for page in PAGES.values()]
    return "\n".join(lines) + "\n"


def _cells(page: Page) -> list[str]:
    public = ["yes" if PUBLIC in page.who else ""]
    return public + ["yes" if SIGNED_IN in page.who or role in page.who else "" for role in ROLES]
