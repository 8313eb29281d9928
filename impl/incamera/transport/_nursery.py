"""A nursery for the tasks that serve a ``with`` block."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


@asynccontextmanager
async def background() -> AsyncIterator[trio.Nursery]:
    """Tasks that run as long as the block, and end with it.

    They are shielded: when the block is cancelled, its clean-up can still use them (to say good-bye to a peer, say),
    and only then are they cancelled. The block's own exception comes out as it is, not in an exception group.
    """
    failure: BaseException | None = None
    async with trio.open_nursery() as outer:
        inner: trio.Nursery = await outer.start(_hold_open)
        try:
            yield inner
        except (Exception, KeyboardInterrupt) as error:
            failure = error
        finally:
            inner.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _hold_open(*, task_status: trio.TaskStatus[trio.Nursery]) -> None:
    # Whoever is cancelled while starting us waits until we have ended; behind the shield we never would. From here to
    # `started` nothing can be cancelled in between.
    await trio.lowlevel.checkpoint_if_cancelled()
    async with trio.open_nursery() as nursery:
        nursery.cancel_scope.shield = True
        task_status.started(nursery)
        await trio.sleep_forever()
