"""The application: every route of the product around the resources of one process."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api import (
    act_links,
    acts,
    asyncapi,
    catalogue,
    click_links,
    codec,
    deliveries,
    entities,
    events,
    health,
    inbox,
    live,
    me,
    pages,
    policies,
    preferences,
    problems,
    push,
    reference,
    sendgrid_hook,
    stats,
    story,
    unsubscribe_links,
    users,
)
from api.bodies import LARGE, BodyCap
from api.event_types import EventTypes
from api.gateway import Gateway
from api.headers import SafeHeaders
from api.hub import Hub
from api.identity import Verifier
from resources import Resources
from settings import Settings

Extra = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_ROUTERS = (
    events, users, me, entities, acts, policies, deliveries, stats, inbox, story, preferences, push, live, catalogue,
    health, codec, act_links, unsubscribe_links, click_links, sendgrid_hook, pages, reference, asyncapi,
)  # fmt: skip
_CAPS = {"/v1/events": LARGE, **dict.fromkeys(codec.PATHS, LARGE), sendgrid_hook.PATH: sendgrid_hook.LARGEST}


def create_app(resources: Resources, *, lifespan_extra: Extra | None = None) -> FastAPI:
    """The ASGI application; `lifespan_extra` is entered with its lifespan, after all else is there."""
    settings = resources.settings
    hub = Hub(resources.bus, resources.database)
    verifier = Verifier(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(hub.running())
            if verifier.keys is not None:
                await stack.enter_async_context(verifier.keys.kept_fresh())
            if lifespan_extra is not None:
                await stack.enter_async_context(lifespan_extra(app))
            yield

    app = FastAPI(
        title="Punctual",
        summary="Durable notifications for CRM systems",
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        responses=problems.OPENAPI,
        middleware=[
            Middleware(SafeHeaders),
            Middleware(Cors, settings=settings),
            Middleware(problems.Guard),
            Middleware(BodyCap, caps=_CAPS),
        ],
    )
    app.state.resources = resources
    app.state.hub = hub
    app.state.verifier = verifier
    app.state.types = EventTypes(resources.notices)
    app.state.gateway = Gateway(resources.temporal)
    problems.install(app)
    app.mount(reference.ASSETS, reference.assets)
    for module in _ROUTERS:
        app.include_router(module.router)
    return app


class Cors:
    """Who may call from a browser: our own origins, and Temporal's Web UI where its codec is."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._ours = CORSMiddleware(
            app,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "if-none-match", "if-match", "idempotency-key"],
            expose_headers=["ETag", "Retry-After"],
        )
        self._codec = CORSMiddleware(
            app,
            allow_origins=codec.ui_origins(settings),
            allow_methods=["POST"],
            allow_headers=["content-type", "x-namespace", "authorization"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        cors = self._codec if scope.get("path") in codec.PATHS else self._ours
        await cors(scope, receive, send)
