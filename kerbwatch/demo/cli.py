"""``kerbwatch demo``: a real stream, a real broker, an edge box and central, in one terminal."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import httpx
import typer
from rich.console import Console

from kerbwatch.demo.broker import Broker, BrokerError
from kerbwatch.demo.crew import Crew
from kerbwatch.demo.processes import ENDS, Processes
from kerbwatch.demo.proof import ProofError, Standing, Witness
from kerbwatch.demo.rtsp import RtspServer, RtspServerError
from kerbwatch.demo.town import DemoError, Town, claimed, fresh_folder, prepare_clip, settle
from kerbwatch.logs import configure_logs
from kerbwatch.ports import free_port
from models.errors import ModelError
from models.fetch import ensure

CONSOLE_PORT = 8000
PROOF_LIMIT_S = 150.0
"""How long ``--once`` watches the stream for the proof, from the moment when the box is started.

Setting up has limits of its own: a slow machine is not told that nothing was seen before it could look.
"""
CENTRAL_LIMIT_S = 120.0
"""How long central may take to come up: two slow cores need a while for its first start."""
LOOK_AGAIN_LIMIT_S = 60.0
"""How long ``--once`` waits for the camera that looks again; without its word it ends all the same."""
_VERDICTS = {
    "clear": "the place is free: the case is closed, with a picture",
    "not_clear": "it still stands there: the ticket went back to its unit, with a picture",
    "unable": "the camera cannot tell: a person decides",
}
_POLL_S = 1.0


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End by itself: 0 once the whole way was proven.")
    ] = False,
    port: Annotated[
        int, typer.Option(help="Port of the console; another is taken when it is in use.")
    ] = CONSOLE_PORT,
    folder: Annotated[Path, typer.Option(help="Where this run keeps its files.")] = Path("var/demo"),
) -> None:
    """Show the whole way: a real clip streams, the edge looks, central makes a case and a ticket of it."""
    configure_logs(level="WARNING")
    for name in ENDS:
        signal.signal(name, _interrupt)
    run = _Run(Console(stderr=True, highlight=False, soft_wrap=True), once=once)
    reason: str | None = None
    try:
        with claimed(folder):
            run.play(folder, port)
    except KeyboardInterrupt:
        reason = "interrupted" if once else None
        run.console.print("\nStopping.")
    except (
        DemoError,
        ProofError,
        ModelError,
        BrokerError,
        RtspServerError,
        httpx.HTTPError,
        OSError,
    ) as error:
        reason = str(error)
    if reason:
        run.console.print(f"[red]{reason}[/red]", markup=True)
    typer.echo(json.dumps(run.summary(ok=reason is None and run.proven)))
    if reason:
        raise typer.Exit(1)


class _Run:
    """One run of the demo and what came of it."""

    def __init__(self, console: Console, *, once: bool) -> None:
        self.console, self._once = console, once
        self._standing = Standing()
        self._first_ticket_s: float | None = None
        self._url = ""
        self._interrupted = False
        self._looked_again: str | None = None
        self._look_again_until_s = 0.0

    @property
    def proven(self) -> bool:
        """Whether a case's whole way was seen, evidence and all."""
        return self._standing.proven_case is not None

    def summary(self, *, ok: bool) -> dict[str, object]:
        """The last line of the demo."""
        first = self._first_ticket_s
        return {
            "ok": ok,
            "incidents": self._standing.incidents,
            "cases": self._standing.cases,
            "tickets": self._standing.tickets,
            "seconds_to_first_ticket": None if first is None else round(first, 1),
            "looked_again": self._looked_again,
            "console": self._url,
        }

    def play(self, folder: Path, port: int) -> None:
        """Start everything, watch, and end everything. Raises the errors of its parts."""
        say = self.console.print
        say("[bold]kerbwatch demo[/bold]: a street, a camera, an edge box, a command centre")
        say("  fetching weights and clip, each checked by its SHA-256 …")
        for network in ("yolox-nano", "centerface", "clp-det"):
            ensure(network)
        folder = fresh_folder(folder)
        set_up_s = time.monotonic()
        say("  encoding the clip as a camera would send it …")
        media_dir = prepare_clip()
        with RtspServer(media_dir) as rtsp, Broker(data_dir=folder / "broker") as broker:
            say(f"  camera stream   {rtsp.url('street.mp4')}")
            say(f"  MQTT 5 broker   127.0.0.1:{broker.port} ({broker.kind})")
            central_port = free_port(port)
            town = settle(folder, media_dir, broker_port=broker.port, central_port=central_port)
            self._url = f"http://127.0.0.1:{central_port}"
            with Processes(folder) as processes:
                self._start_central(processes, town)
                witness = Witness(
                    self._url, town.operator, town.operator_password.read_text(encoding="utf-8").strip()
                )
                crew = Crew(self._url, town, processes)
                try:
                    self._await_central(processes, witness)
                    began_s = time.monotonic()
                    say(f"  set up          in {began_s - set_up_s:.0f} s")
                    address = rtsp.url("street.mp4").partition("/street.mp4")[0]
                    processes.start("edge", "edge", "run", str(town.edge_config), env={"DEMO_RTSP": address})
                    say(f"  edge box        looking at two cameras (log: {processes.log_of('edge')})")
                    self._watch(processes, witness, crew, town, began_s)
                finally:
                    crew.close()
                    witness.close()

    def _start_central(self, processes: Processes, town: Town) -> None:
        config = str(town.central_config)
        site, box, operator = "demo", "box-1", town.operator
        roles = ("--role", "operator", "--role", "dispatcher")
        password = ("--password-file", str(town.operator_password))
        processes.run("central", "init", config)
        processes.run("central", "user", "add", operator, *roles, *password, "--config", config)
        processes.run(
            "central", "edge", "add", site, box, "--token-file", str(town.edge_token), "--config", config
        )
        processes.start("central", "central", "serve", config)

    def _await_central(self, processes: Processes, witness: Witness) -> None:
        until_s = time.monotonic() + CENTRAL_LIMIT_S
        while not witness.ready():
            processes.check()
            if time.monotonic() > until_s:
                log = processes.log_of("central")
                raise DemoError(f"central did not come up within {CENTRAL_LIMIT_S:.0f} s (log: {log})")
            time.sleep(0.2)
        self.console.print(f"  central         {self._url} (log: {processes.log_of('central')})")

    def _watch(self, processes: Processes, witness: Witness, crew: Crew, town: Town, began_s: float) -> None:
        """Tell what happens until the proof (``--once``) or Ctrl-C.

        An interrupt is noted here and heeded between two looks: raised in the midst of one, in the callbacks
        of a decoder, it would be lost.
        """
        for name in ENDS:
            signal.signal(name, self._note_interrupt)
        while True:
            if self._interrupted:
                raise KeyboardInterrupt
            processes.check()
            before, self._standing = self._standing, witness.look()
            elapsed_s = time.monotonic() - began_s
            if self._standing.tickets and self._first_ticket_s is None:
                self._first_ticket_s = elapsed_s
                self.console.print(f"  [green]first ticket[/green]    after {elapsed_s:.0f} s of stream")
                self._invite(town)
            elif self._standing.cases > before.cases:
                self.console.print(f"  {self._standing.cases} cases after {elapsed_s:.0f} s")
            if self.proven and before.proven_case is None:
                self.console.print(
                    "  [green]proven[/green]          receipts are in; central gave snapshots and clip back, "
                    "hashes match, the clip plays"
                )
            if self._standing.proven_case and self._looked(crew, self._standing.proven_case) and self._once:
                return
            if self._once and not self.proven and elapsed_s > PROOF_LIMIT_S:
                raise DemoError(f"not proven after {elapsed_s:.0f} s of stream: {self._standing.missing}")
            time.sleep(_POLL_S)

    def _looked(self, crew: Crew, case_id: str) -> bool:
        """Have the case dealt with, once, and say what its camera sees then; whether that is all."""
        if not self._look_again_until_s:
            done = crew.deal_with(case_id)
            self._look_again_until_s = time.monotonic() + (LOOK_AGAIN_LIMIT_S if done else 0)
            said = "its unit says that it is done; the camera looks again" if done else "yours to decide"
            self.console.print(f"  first case      {said}")
        elif self._looked_again is None:
            self._looked_again = crew.verdict()
            if self._looked_again:
                said = _VERDICTS[self._looked_again]
                self.console.print(f"  [green]looked again[/green]    {said}")
        return self._looked_again is not None or time.monotonic() > self._look_again_until_s

    def _note_interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        self._interrupted = True

    def _invite(self, town: Town) -> None:
        if self._once:
            return
        password = town.operator_password.read_text(encoding="utf-8").strip()
        self.console.print(f"\n  Open [bold]{self._url}[/bold]  and sign in as {town.operator} / {password}")
        self.console.print("  Confirm or reject the case there. Ctrl-C ends everything.\n")


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
