"""Prometheus metrics of one copy of central. No label carries anything that a stranger chose."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class IntakeMetrics:
    """Metrics of what comes in and goes out over MQTT: of the process that does it, in ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.committed = Counter(
            "kerbwatch_central_events_committed", "Events committed.", ["type"], registry=registry
        )
        self.duplicates = Counter(
            "kerbwatch_central_events_duplicate",
            "Events that came again and were receipted again.",
            registry=registry,
        )
        self.rejected = Counter(
            "kerbwatch_central_messages_rejected", "Messages refused.", ["reason"], registry=registry
        )
        self.gaps_asked = Counter(
            "kerbwatch_central_gaps_asked", "Holes in sequences asked for.", registry=registry
        )
        self.batch_seconds = Histogram(
            "kerbwatch_central_intake_batch_seconds",
            "Time to commit a batch of messages.",
            registry=registry,
        )
        self.intake_waiting = Gauge(
            "kerbwatch_central_intake_waiting", "Messages that wait to be committed.", registry=registry
        )
        self.intake_dropped = Counter(
            "kerbwatch_central_intake_dropped",
            "Messages let go unacknowledged because the queue was full.",
            registry=registry,
        )
        self.database_errors = Counter(
            "kerbwatch_central_database_errors",
            "Batches that the database could not take.",
            registry=registry,
        )
        self.questions_sent = Counter(
            "kerbwatch_central_questions_sent",
            "Questions to cameras to look again, repetitions included.",
            registry=registry,
        )


class Metrics:
    """Every metric but intake's, in a registry of its own so that several copies can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.media_bytes = Counter(
            "kerbwatch_central_media_bytes", "Bytes of uploads written.", registry=self.registry
        )
        self.media_rejected = Counter(
            "kerbwatch_central_media_rejected", "Uploads refused.", ["reason"], registry=self.registry
        )
        self.media_damaged = Counter(
            "kerbwatch_central_media_damaged",
            "Files found absent or changed when they were read.",
            registry=self.registry,
        )
        self.sign_ins = Counter(
            "kerbwatch_central_sign_ins", "Attempts to sign in.", ["outcome"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "kerbwatch_central_request_seconds",
            "Time to answer a request, by method, route and class of status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.limited = Counter(
            "kerbwatch_central_requests_limited",
            "Requests refused because there were too many.",
            ["limit"],
            registry=self.registry,
        )
        self.jobs = Counter(
            "kerbwatch_central_jobs", "Attempts at jobs.", ["kind", "outcome"], registry=self.registry
        )
        self.job_faults = Counter(
            "kerbwatch_central_job_faults", "Faults outside any job.", registry=self.registry
        )
        self.uploads = Counter(
            "kerbwatch_central_uploads",
            "People's uploads by what became of them: 'whole', or why one was not taken.",
            ["outcome"],
            registry=self.registry,
        )
        self.reports = Counter(
            "kerbwatch_central_reports",
            "People's reports by what became of them: 'lead', or why one was refused.",
            ["outcome"],
            registry=self.registry,
        )
        self.report_files = Counter(
            "kerbwatch_central_report_files",
            "Files of reports that were looked through: 'shown', or what was wrong.",
            ["outcome"],
            registry=self.registry,
        )
        self.place_codes_refused = Counter(
            "kerbwatch_central_place_codes_refused",
            "Place codes that were opened and are none of ours, or revoked.",
            ["reason"],
            registry=self.registry,
        )
        self.messages = Counter(
            "kerbwatch_central_messages_to_reporters",
            "Codes and answers to people who report.",
            ["purpose", "outcome"],
            registry=self.registry,
        )
        self.awards = Counter(
            "kerbwatch_central_points_awards",
            "Verified reports that were judged for points.",
            ["why"],
            registry=self.registry,
        )
        self.errand_failures = Counter(
            "kerbwatch_central_errand_failures",
            "Deliveries and awards that failed, to be tried again.",
            registry=self.registry,
        )
        self.swept = Counter(
            "kerbwatch_central_swept",
            "Steps taken because their time had come.",
            ["step"],
            registry=self.registry,
        )
        self.slips_waiting = Gauge(
            "kerbwatch_central_slips_waiting",
            "Supervision slips without an answer when this copy last swept.",
            registry=self.registry,
        )
        self.slips_late = Gauge(
            "kerbwatch_central_slips_late",
            "Of these, those whose answer was past due.",
            registry=self.registry,
        )
        self.sweep_failures = Counter(
            "kerbwatch_central_sweep_failures",
            "Sweeps that failed, to be tried again.",
            registry=self.registry,
        )
        self.swept_at = Gauge(
            "kerbwatch_central_swept_timestamp_seconds", "When this copy last swept.", registry=self.registry
        )
        self.reckoning_failures = Counter(
            "kerbwatch_central_reckoning_failures",
            "How often what insight tells could not be reckoned beside the requests, to be tried again.",
            registry=self.registry,
        )
        self.reckoned_at = Gauge(
            "kerbwatch_central_reckoned_timestamp_seconds",
            "When this copy last saw what insight tells as new as it is to be.",
            registry=self.registry,
        )
        self.custody_sealed = Counter(
            "kerbwatch_central_custody_rows_sealed",
            "Lines of the log, looks (at originals, at who reported) and answers that went into the chain.",
            registry=self.registry,
        )
        self.custody_unsealed = Gauge(
            "kerbwatch_central_custody_unsealed_rows",
            "Lines of the log, looks and answers that the chain does not cover yet.",
            registry=self.registry,
        )
        self.custody_unsigned = Gauge(
            "kerbwatch_central_custody_unsigned_entries",
            "Entries of the chain after its newest signed head.",
            registry=self.registry,
        )
        self.custody_refused = Gauge(
            "kerbwatch_central_custody_signing_refused",
            "1 while this copy does not sign: a head that was signed no longer stands in the chain.",
            registry=self.registry,
        )
        self.custody_sealed_at = Gauge(
            "kerbwatch_central_custody_sealed_timestamp_seconds",
            "When this copy last looked what was to be sealed.",
            registry=self.registry,
        )
        self.custody_failures = Counter(
            "kerbwatch_central_custody_failures",
            "Sealings, heads and deletions that failed, to be tried again.",
            registry=self.registry,
        )
        self.custody_deleted = Counter(
            "kerbwatch_central_custody_files_deleted",
            "Files deleted by a rule of retention.",
            registry=self.registry,
        )
