"""Who the sandbox's GitHub knows: accounts, revocable tokens and one GitHub App."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import jwt

from identity_bot_sandbox import cast
from identity_bot_sandbox.github.model import Account, GitHubError

BAD_CREDENTIALS = "Bad credentials"
_TOKEN_LIFE = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """Who makes a request: a token's owner, an App's installation, or the App itself (by JWT)."""

    name: str
    login: str | None
    scopes: tuple[str, ...] = ()
    app_id: int | None = None
    installation_id: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class App:
    """A GitHub App installed in the organization; `public_key` is PEM."""

    id: int
    slug: str
    public_key: str
    installation_id: int
    created_at: datetime

    @property
    def login(self) -> str:
        """The App's bot account."""
        return f"{self.slug}[bot]"


@dataclass(kw_only=True, slots=True)
class Access:
    """Accounts by login and credentials by token; guarded by the lock of the world that owns it."""

    clock: Callable[[], datetime]
    accounts: dict[str, Account] = field(default_factory=dict)
    tokens: dict[str, Credential] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    app: App | None = None
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))

    def add_account(self, login: str, name: str, kind: str = "User") -> Account:
        """Add an account."""
        account = Account(id=next(self._ids), login=login, name=name, kind=kind, created_at=self.clock())
        self.accounts[login.lower()] = account
        return account

    def account(self, login: str) -> Account:
        """The account with that login, ignoring case, or 404."""
        account = self.accounts.get(login.lower())
        if account is None:
            raise GitHubError(404, "Not Found")
        return account

    def show_email(self, login: str, email: str | None) -> None:
        """Show everybody an account's e-mail address, or none."""
        self.accounts[login.lower()] = replace(self.account(login), email=email)

    def add_token(self, token: str, login: str, scopes: tuple[str, ...] = ("repo",)) -> None:
        """Add a classic personal access token for an account."""
        self.tokens[token] = Credential(name=f"token of {login}", login=login, scopes=scopes)

    def install_app(self, app_id: int, slug: str, public_key: str) -> App:
        """Install the App and create its bot account."""
        app = App(
            id=app_id,
            slug=slug,
            public_key=public_key,
            installation_id=app_id + 1,
            created_at=self.clock(),
        )
        self.add_account(app.login, slug, kind="Bot")
        self.app = app
        return app

    def grant(self, app: App) -> tuple[str, Credential]:
        """A new installation token, valid for an hour."""
        token = f"ghs_sandbox{next(self._ids)}"
        credential = Credential(
            name=f"installation {app.installation_id}",
            login=app.login,
            app_id=app.id,
            installation_id=app.installation_id,
            expires_at=self.clock() + _TOKEN_LIFE,
        )
        self.tokens[token] = credential
        return token, credential

    def identify(self, authorization: str | None) -> Credential:
        """The credential in an Authorization header; 401 if it is unknown, revoked or expired."""
        if not authorization:
            return Credential(name="anonymous", login=None)
        secret = authorization.partition(" ")[2].strip()
        if secret.count(".") == 2:
            return self._identify_app(secret)
        credential = self.tokens.get(secret)
        if credential is None or secret in self.revoked:
            raise GitHubError(401, BAD_CREDENTIALS)
        if credential.expires_at is not None and credential.expires_at <= self.clock():
            raise GitHubError(401, BAD_CREDENTIALS)
        return credential

    def _identify_app(self, token: str) -> Credential:
        if self.app is None:
            raise GitHubError(401, "A JSON web token could not be decoded")
        try:
            claims = jwt.decode(
                token,
                self.app.public_key,
                algorithms=["RS256"],
                options={"require": ["iat", "exp", "iss"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            raise GitHubError(401, "A JSON web token could not be decoded") from None
        now = self.clock()
        expires = datetime.fromtimestamp(claims["exp"], UTC)
        if str(claims["iss"]) != str(self.app.id):
            raise GitHubError(401, "Integration not found")
        if expires <= now:
            raise GitHubError(401, "'Expiration time' claim ('exp') must be a numeric value in the future")
        if expires > now + timedelta(minutes=10, seconds=30):
            raise GitHubError(401, "'Expiration time' claim ('exp') is too far in the future")
        return Credential(name=f"app {self.app.id}", login=None, app_id=self.app.id)


def cast_accounts(access: Access) -> None:
    """Add the organization, everyone in the cast with a login, the bot and its token."""
    access.add_account(cast.REPOSITORY.partition("/")[0], "Sandbox", kind="Organization")
    for person in cast.PEOPLE:
        if person.github_login is not None:
            access.add_account(person.github_login, person.name)
    access.add_account(cast.BOT_LOGIN, "Identity helper bot")
    access.add_token(cast.GITHUB_TOKEN, cast.BOT_LOGIN)
