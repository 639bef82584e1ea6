"""The API's endpoints about the caller: the account, its rate limit and the GitHub App."""

from __future__ import annotations

from datetime import UTC

from identity_bot_sandbox.github.access import App
from identity_bot_sandbox.github.call import Answer, Call, Endpoint
from identity_bot_sandbox.github.json import APP_EVENTS, APP_PERMISSIONS, Json, stamp
from identity_bot_sandbox.github.model import Account, GitHubError


def get_user(call: Call) -> Answer:
    """GET the token's owner; an App's installation has none."""
    if call.credential.app_id is not None:
        raise GitHubError(403, "Resource not accessible by integration")
    return Answer(_profile(call, call.world.account(call.actor)))


def get_profile(call: Call) -> Answer:
    """GET a public profile."""
    return Answer(_profile(call, call.world.account(call.request.path_params["login"])))


def get_rate_limit(call: Call) -> Answer:
    """GET the rate limit, which costs nothing."""
    allowance = call.world.traffic.spend(call.credential.name, call.world.real_clock().timestamp(), 0)
    core = {
        "limit": allowance.limit,
        "used": allowance.used,
        "remaining": allowance.remaining,
        "reset": allowance.reset,
    }
    search = {"limit": 30, "used": 0, "remaining": 30, "reset": allowance.reset}
    return Answer({"resources": {"core": core, "search": search}, "rate": core})


def get_meta(call: Call) -> Answer:
    """GET GitHub's meta information."""
    return Answer({"verifiable_password_authentication": False, "hooks": ["127.0.0.1/32"]})


def get_app(call: Call) -> Answer:
    """GET the App that signed the request."""
    return Answer(call.show.app(_app(call)))


def list_installations(call: Call) -> Answer:
    """GET where the App is installed."""
    return call.paged([_app(call)], lambda app: _installation(call, app))


def get_installation(call: Call) -> Answer:
    """GET the App's installation, by its id, repository or organization."""
    app = _app(call)
    if call.request.path_params.get("installation_id", app.installation_id) != app.installation_id:
        raise GitHubError(404, "Not Found")
    return Answer(_installation(call, app))


def create_installation_token(call: Call) -> Answer:
    """POST to create an installation token, valid for an hour."""
    app = _app(call)
    if call.request.path_params["installation_id"] != app.installation_id:
        raise GitHubError(404, "Not Found")
    token, credential = call.world.access.grant(app)
    return Answer(
        {
            "token": token,
            "expires_at": stamp(credential.expires_at),
            "permissions": APP_PERMISSIONS,
            "repository_selection": "all",
        },
        201,
    )


def not_found(call: Call) -> Answer:
    """Answer every other address with 404."""
    raise GitHubError(404, "Not Found")


def _profile(call: Call, account: Account) -> Json:
    return call.show.user(account) | {
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": account.email,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.created_at),
    }


def _app(call: Call) -> App:
    app = call.world.access.app
    if app is None or call.credential.app_id != app.id or call.credential.installation_id is not None:
        raise GitHubError(401, "A JSON web token could not be decoded")
    return app


def _organization(call: Call) -> Account:
    return next(one for one in call.world.access.accounts.values() if one.kind == "Organization")


def _installation(call: Call, app: App) -> Json:
    account = _organization(call)
    url = f"{call.show.api}/app/installations/{app.installation_id}"
    settings = f"{call.show.web}/organizations/{account.login}/settings"
    return {
        "id": app.installation_id,
        # GitHub's description of the list requires both a user's and an enterprise's fields.
        "account": _profile(call, account) | {"slug": account.login},
        "repository_selection": "all",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{call.show.api}/installation/repositories",
        "html_url": f"{settings}/installations/{app.installation_id}",
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": account.id,
        "target_type": "Organization",
        "permissions": APP_PERMISSIONS,
        "events": APP_EVENTS,
        "created_at": stamp(app.created_at.astimezone(UTC)),
        "updated_at": stamp(app.created_at.astimezone(UTC)),
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


ENDPOINTS: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/user", get_user),
    ("GET", "/users/{login}", get_profile),
    ("GET", "/rate_limit", get_rate_limit),
    ("GET", "/meta", get_meta),
    ("GET", "/app", get_app),
    ("GET", "/app/installations", list_installations),
    ("GET", "/app/installations/{installation_id:int}", get_installation),
    ("POST", "/app/installations/{installation_id:int}/access_tokens", create_installation_token),
    ("GET", "/orgs/{org}/installation", get_installation),
    ("GET", "/repos/{owner}/{repo}/installation", get_installation),
)
