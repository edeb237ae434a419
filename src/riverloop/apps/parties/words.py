"""Words of this app that are marked here and translated where they are shown."""

from __future__ import annotations

from riverloop.core.kernel.words import N_ as N_  # noqa: PLC0414 - for those above, beside the words

ROLE_WORDS = {
    "holder": N_("Holder"),
    "coordinator": N_("Coordinator"),
    "officer": N_("Officer"),
    "gate": N_("Gate staff"),
    "operator": N_("Park operator"),
    "planner": N_("Planner"),
    "treasurer": N_("Treasurer"),
    "auditor": N_("Auditor"),
}
"""A role by its kind."""

ROLE_OF_WORDS = {
    "holder": N_("Holder ({park})"),
    "coordinator": N_("Coordinator of {organisation} ({park})"),
    "officer": N_("Officer of {authority} ({side})"),
    "gate": N_("Gate staff at {control_point} ({side})"),
    "operator": N_("Operator of {park} ({side})"),
    "planner": N_("Planner ({side})"),
    "treasurer": N_("Treasurer ({side})"),
    "auditor": N_("Auditor ({side})"),
}
"""A role with what it is held for."""

DOCUMENT_WORDS = {
    "hkid": N_("Hong Kong identity card"),
    "resident_id": N_("Mainland resident identity card"),
    "home_return_permit": N_("Home Return Permit"),
    "two_way_permit": N_("Two-way Permit"),
    "passport": N_("Passport"),
}

PURPOSE_WORDS = {
    "own_staff": N_("To look after the organisation's own people"),
    "case": N_("To handle a case"),
    "crossing": N_("To let people cross"),
    "audit": N_("To audit"),
}
"""What personal data may be looked at for."""

PERIOD_WORDS = {
    "primary": N_("from a law that was read"),
    "secondary": N_("from secondary sources"),
    "none": N_("assumed, no law read"),
}
"""How a period of keeping was found, by what was read of its basis."""

TOKEN_SCOPES = {
    "movements:read": N_("Read movements"),
    "movements:write": N_("File, change and withdraw movements"),
    "documents:read": N_("Read papers and files"),
    "documents:write": N_("Add papers and files"),
    "desk:read": N_("Read matters and duties"),
    "desk:write": N_("Work on matters and duties"),
    "people:read": N_("Read people"),
}
"""How far a token may reach, and never farther than its account."""

ALLAUTH_WORDS = (
    N_("Email"),
    N_("Password"),
    N_("Current Password"),
    N_("New Password"),
    N_("New Password (again)"),
    N_("Password (again)"),
    N_("Forgot your password?"),
    N_("Code"),
    N_("Authenticator code"),
    N_("Name"),
    N_("Passwordless"),
    N_(
        "Enabling passwordless operation allows you to sign in using just this key, but imposes additional "
        "requirements such as biometrics or PIN protection."
    ),
    N_("You must type the same password each time."),
)
"""Words of allauth's forms, which our catalogues translate in its stead: its own are not complete."""
