"""Yespo (formerly eSputnik): orders, contacts, consent and events, outward. `README.md` names the quirks."""
