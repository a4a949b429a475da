"""Words of signing in by the city's own directory."""

from __future__ import annotations

DIRECTORY: dict[str, str] = {
    "directory.go": "Sign in with {label}",
    "directory.or": "With a password of kerbwatch",
    "directory.out": "You are signed out here. {label} may still know you on this machine:",
    "directory.out_link": "Sign out there too",
    "directory.no_password": "You sign in with {label}; there is no password of yours here to change.",
    "directory.elsewhere": "the city's directory",
    "directory.refused.away": "{label} does not answer. Try again, or use a password if you have one here.",
    "directory.refused.busy": "Too many people are signing in at this moment. Try again.",
    "directory.refused.denied": "{label} did not let you in.",
    "directory.refused.untrue": "What {label} answered cannot be trusted. Tell an administrator.",
    "directory.refused.expired": "That took too long, or was begun in another window. Try again.",
    "directory.refused.unknown": "{label} knows you, kerbwatch does not yet. Ask an administrator here.",
    "directory.refused.disabled": "You may not sign in here any more. Ask an administrator here.",
    "directory.refused.no_role": "None of your groups has a role here. Ask those who look after {label}.",
    "directory.refused.mapping": "Your groups do not fit together here. Ask an administrator here.",
    "directory.refused.stays": "{label} offers no way to sign out from here. Close the browser.",
}
