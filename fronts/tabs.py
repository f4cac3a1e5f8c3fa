"""How many tabs may be open at once: each is a session of Streamlit's, with its state in this process's memory."""

import os

from starlette.types import ASGIApp, Receive, Scope, Send

MAX_TABS = 300  # ORRERY_TABS replaces it; a tab that shows a result takes a few MB
TRY_AGAIN_LATER = 1013  # a websocket's code; the page goes on trying by itself


class OpenTabs:
    """Closes a new websocket while as many as may be are open."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
        elif self._open >= int(os.environ.get("ORRERY_TABS", MAX_TABS)):
            await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        else:
            self._open += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self._open -= 1
