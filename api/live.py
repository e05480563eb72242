"""The WebSocket `/v1/ws`: tells what changed in the caller's inbox, and takes the same changes as HTTP does."""

import asyncio
import contextlib

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect, WebSocketState

from api import bodies, problems
from api.identity import BadToken, Caller, Verifier
from api.live_messages import BROKEN, CLOSE_CODES, TOO_SLOW, UNAUTHORIZED, Auth, Refused
from api.live_session import Session, receive
from api.problems import Problem
from resources import Resources

router = APIRouter()

AUTH_WITHIN = 5.0
CLOSE_WITHIN = 5.0


@router.websocket("/v1/ws")
async def connect(websocket: WebSocket) -> None:
    """One socket from its handshake to its end."""
    ours: Resources = websocket.app.state.resources
    origin = websocket.headers.get("origin")
    if origin is not None and origin not in ours.settings.origins:
        await websocket.close()  # before it is accepted, this is an HTTP 403
        return
    await websocket.accept()
    try:
        who = await _authenticate(websocket)
        code = await Session(websocket, who).run()
    except Refused as refused:
        code = refused.code
    except WebSocketDisconnect:
        return
    except Exception as error:
        problems.report(error, "/v1/ws")
        code = BROKEN
    if websocket.application_state is WebSocketState.CONNECTED:
        # A client that reads nothing cannot be told why; it is not waited for.
        with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            async with asyncio.timeout(CLOSE_WITHIN):
                await websocket.close(code, CLOSE_CODES.get(code))


async def _authenticate(websocket: WebSocket) -> Caller:
    verifier: Verifier = websocket.app.state.verifier
    try:
        async with asyncio.timeout(AUTH_WITHIN):
            first = Auth.model_validate(bodies.parse(await receive(websocket)))
            who = await verifier.verify(first.token)
    except Problem as problem:
        # 503: the identity provider does not answer, and the client's token may be good.
        raise Refused(TOO_SLOW if problem.status_code == 503 else UNAUTHORIZED) from None
    except (TimeoutError, ValidationError, BadToken):
        raise Refused(UNAUTHORIZED) from None
    if who.role == "service":
        raise Refused(UNAUTHORIZED)
    return who
