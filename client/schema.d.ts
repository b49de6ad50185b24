// Made by npm run client from the API's own description: not to be changed by hand.

export interface paths {
    "/experiments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List experiments
         * @description All of them, oldest first, unless asked otherwise; streamed, so that any number is possible.
         */
        get: operations["listExperiments"];
        put?: never;
        /**
         * Enqueue an experiment, an array of them, or a sweep
         * @description An array, or a body with a `matrix` (a sweep: one experiment for each combination), is created whole or not at all. Fields that the server assigns are ignored.
         */
        post: operations["createExperiment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/experiments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One experiment */
        get: operations["getExperiment"];
        /**
         * Change, cancel or enqueue again
         * @description Any of name, description, metadata, priority and status; what is absent, `""` or null stays. Status CANCELLED takes it out of the queue or stops it; ENQUEUED runs an ended one again as far as quotas allow (429 `quota`). A whole experiment as GET gave it is accepted: what equals is ignored, and an `updated_at` that is not the current one is refused (409 `stale`).
         */
        put: operations["updateExperiment"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/experiments/{id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What it took, and what it printed as metrics
         * @description Series of the latest attempt, or of `attempt`: sampled by the runner (CPU, memory, network, disk, its GPUs), and printed by the program as `::metric name=value`. In at most 500 points each, or one per `step`.
         */
        get: operations["getExperimentMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/experiments/{id}/placement": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why it waits
         * @description Its position in the line, the first rule that each host fails for it, and when it may start, by the code that places.
         */
        get: operations["getPlacement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List sweeps, newest first */
        get: operations["listGroups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/groups/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One sweep: its matrix, and how its experiments fare
         * @description With `wait` it is watched: the answer comes when something has changed, or all have ended.
         */
        get: operations["getGroup"];
        /** Cancel all of a sweep that waits or runs */
        put: operations["updateGroup"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The stored log so far
         * @description Of the latest attempt, or of `attempt`: stdout and stderr as they were written, and lines of Skeduler's own, marked `[skeduler] `. Once the attempt is closed the answer has a length, an ETag and ranges (without `timestamps`, `tail` and `since`).
         */
        get: operations["readLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logs/{id}/tail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The log, then live, until the experiment has ended
         * @description Through the attempts of a retry. Who counts the bytes comes back after a cut with `after`: the header Skeduler-Position plus the bytes received. With `ws` this is a websocket: a binary message for each line without its newline, text messages with the position between them with `cursor`; it closes with 1000 at the end.
         */
        get: operations["tailLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every host: what it has, who holds what, whether it lives */
        get: operations["listHosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hosts/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One host */
        get: operations["getHost"];
        /**
         * Cordon, drain or activate; or say what counts after a restore
         * @description Nothing new is placed on a cordoned or draining host; what runs there finishes. Of what ran there after the moment to which the database was restored, `restored` says whether it counts.
         */
        put: operations["updateHost"];
        post?: never;
        /**
         * Take a host off the list
         * @description Refused while it lives or anything is open there. It comes back when its runner registers again.
         */
        delete: operations["deleteHost"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who did what, when
         * @description A page of long events may have fewer than `limit`; the header tells whether more follow.
         */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens, as it happens
         * @description Server-sent events: `id` is the event's, `data` its JSON. Begins now, or after `after` or Last-Event-ID, and neither skips nor repeats one.
         */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who was told of which change, or could not be
         * @description The newest first. `state=failed` are those that were given up.
         */
        get: operations["listNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One notification */
        get: operations["getNotification"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/{id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send one that was given up again */
        post: operations["resendNotification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send all that were given up again */
        post: operations["resendNotifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/telegram/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A one-time code that links a Telegram chat
         * @description Sent to the bot as `/start CODE`, it links that chat to the experiments of the token's owner.
         */
        post: operations["createTelegramLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign a browser in
         * @description With the token in `Authorization` or in the body; answers a cookie for 30 days.
         */
        post: operations["createSession"];
        /** Sign a browser out */
        delete: operations["deleteSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process lives */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** It can serve: the database answers */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the process tells Prometheus */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document as a page */
        get: operations["getDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Experiment: {
            /** Format: uuid */
            id: string;
            name: string;
            description: string;
            docker: {
                image: string;
                /** @description split into words as a shell does; "" is the image's own */
                command: string;
                environment: {
                    [key: string]: (string | number | boolean) | null | {
                        secret: string;
                    };
                };
                entrypoint?: string;
                workdir?: string;
                user?: string;
                volumes?: string[];
            };
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /** @enum {string} */
            status: "ENQUEUED" | "RUNNING" | "FINISHED" | "CANCELLED";
            /** @description any JSON, as it was sent */
            metadata: unknown;
            resources: {
                /** @description Absent: one where the host has GPUs, none elsewhere. 0 never holds one. */
                gpus?: number;
                /** @description Part of the model's name, or a pattern with *. */
                gpu_model?: string;
                /** @description Of each GPU at least, such as "40GiB"; "80GB" (decimal) for a card that is sold as 80GB. */
                gpu_memory?: string;
                cpus?: number;
                /** @description A limit, such as "16GiB". */
                memory?: string;
                /** @description The size of /dev/shm. */
                shm_size?: string;
                /** @description Names, in which * is any text, or labels such as rack=a: any of them will do. */
                host?: string | string[];
            };
            priority: number;
            time_limit: string | null;
            time_limit_warning: {
                before: string;
                /** @enum {string} */
                signal: "SIGUSR1" | "SIGUSR2" | "SIGHUP" | "SIGINT" | "SIGTERM";
            } | null;
            retries: {
                count: number;
                on: ("host_lost" | "engine" | "image" | "exited" | "oom")[];
                backoff: string;
            } | null;
            /** @description how often it was tried again by itself */
            retried: number;
            /** @description when it is tried again */
            not_before: string | null;
            after: string[];
            /** @description the targets that are told of it; null: by their filters */
            notify: string[] | null;
            group: string | null;
            /** @description its values in the sweep's matrix */
            combination: {
                [key: string]: string | number | boolean;
            } | null;
            /** @description the name of the token that enqueued it */
            owner: string | null;
            host: string | null;
            started_at: string | null;
            ended_at: string | null;
            result: components["schemas"]["Result"] | null;
            /** @description the latest */
            attempt: components["schemas"]["Attempt"] | null;
        };
        /** @description How it ended. */
        Result: {
            /** @enum {string} */
            reason: "exited" | "oom" | "user" | "image" | "command" | "policy" | "secret" | "engine" | "host_lost" | "time_limit" | "dependency" | "adopted";
            exit_code: number | null;
            /** @description the signal that killed it, such as SIGKILL */
            signal: string | null;
            /** @description a sentence */
            message: string;
        };
        /** @description One try at running an experiment. */
        Attempt: {
            number: number;
            /** Format: uuid */
            id: string;
            host: string;
            /** @description the uuids of its GPUs */
            gpus: string[];
            /** Format: date-time */
            placed_at: string;
            /** @description when its container started */
            started_at: string | null;
            ended_at: string | null;
            /** @description when its container, log and GPUs were done with */
            closed_at: string | null;
            /** @description its output folder on the host */
            output: string | null;
            log_expired_at: string | null;
            result: components["schemas"]["Result"] | null;
        };
        Error: {
            /** @description a sentence: what was wrong, why, how to mend it */
            error: string;
            /** @description snake_case, for programs */
            code: string;
            /** @description each thing that is wrong with the input: where, and what is allowed */
            details?: {
                path: string;
                message: string;
            }[];
        };
        NewExperiment: {
            name: string;
            description?: string | null;
            docker: {
                image: string;
                /**
                 * @description Split into words as a shell does; nothing is expanded. Empty: the image's own.
                 * @default
                 */
                command?: string;
                /**
                 * @description Strings, numbers and booleans keep their types; a secret is filled in by the host.
                 * @default {}
                 */
                environment?: {
                    [key: string]: string | number | boolean | {
                        secret: string;
                    };
                };
                entrypoint?: string | null;
                workdir?: string | null;
                user?: string | null;
                /** @description /host/path:/container/path, with :rw behind it to write there, as far as the host allows. */
                volumes?: string[] | null;
            };
            /** @description Any JSON; it comes back as it was sent. */
            metadata?: unknown;
            resources?: {
                /** @description Absent: one where the host has GPUs, none elsewhere. 0 never holds one. */
                gpus?: number;
                /** @description Part of the model's name, or a pattern with *. */
                gpu_model?: string;
                /** @description Of each GPU at least, such as "40GiB"; "80GB" (decimal) for a card that is sold as 80GB. */
                gpu_memory?: string;
                cpus?: number;
                /** @description A limit, such as "16GiB". */
                memory?: string;
                /** @description The size of /dev/shm. */
                shm_size?: string;
                /** @description Names, in which * is any text, or labels such as rack=a: any of them will do. */
                host?: string | string[];
            } | null;
            /** @description Higher goes first. */
            priority?: number | null;
            /** @description From the container's start, such as "12h"; then it is stopped. */
            time_limit?: string | null;
            /** @description So long before the time limit it gets a signal. */
            time_limit_warning?: (string | {
                before: string;
                /**
                 * @default SIGUSR1
                 * @enum {string}
                 */
                signal?: "SIGUSR1" | "SIGUSR2" | "SIGHUP" | "SIGINT" | "SIGTERM";
            }) | null;
            /** @description How often it is tried again by itself, and after which ends. */
            retries?: (number | {
                count: number;
                /**
                 * @default [
                 *       "host_lost",
                 *       "engine",
                 *       "image"
                 *     ]
                 */
                on?: ("host_lost" | "engine" | "image" | "exited" | "oom")[];
                /** @default 10s */
                backoff?: string;
            }) | null;
            /** @description Ids or names that must have finished with exit code 0 first. */
            after?: string[] | null;
            /** @description Which of the server's targets are told of its changes; [] none of them. */
            notify?: string[] | null;
        };
        NewSweep: {
            name: string;
            description?: string | null;
            docker: {
                image: string;
                /**
                 * @description Split into words as a shell does; nothing is expanded. Empty: the image's own.
                 * @default
                 */
                command?: string;
                /**
                 * @description Strings, numbers and booleans keep their types; a secret is filled in by the host.
                 * @default {}
                 */
                environment?: {
                    [key: string]: string | number | boolean | {
                        secret: string;
                    };
                };
                entrypoint?: string | null;
                workdir?: string | null;
                user?: string | null;
                /** @description /host/path:/container/path, with :rw behind it to write there, as far as the host allows. */
                volumes?: string[] | null;
            };
            /** @description Any JSON; it comes back as it was sent. */
            metadata?: unknown;
            resources?: {
                /** @description Absent: one where the host has GPUs, none elsewhere. 0 never holds one. */
                gpus?: number;
                /** @description Part of the model's name, or a pattern with *. */
                gpu_model?: string;
                /** @description Of each GPU at least, such as "40GiB"; "80GB" (decimal) for a card that is sold as 80GB. */
                gpu_memory?: string;
                cpus?: number;
                /** @description A limit, such as "16GiB". */
                memory?: string;
                /** @description The size of /dev/shm. */
                shm_size?: string;
                /** @description Names, in which * is any text, or labels such as rack=a: any of them will do. */
                host?: string | string[];
            } | null;
            /** @description Higher goes first. */
            priority?: number | null;
            /** @description From the container's start, such as "12h"; then it is stopped. */
            time_limit?: string | null;
            /** @description So long before the time limit it gets a signal. */
            time_limit_warning?: (string | {
                before: string;
                /**
                 * @default SIGUSR1
                 * @enum {string}
                 */
                signal?: "SIGUSR1" | "SIGUSR2" | "SIGHUP" | "SIGINT" | "SIGTERM";
            }) | null;
            /** @description How often it is tried again by itself, and after which ends. */
            retries?: (number | {
                count: number;
                /**
                 * @default [
                 *       "host_lost",
                 *       "engine",
                 *       "image"
                 *     ]
                 */
                on?: ("host_lost" | "engine" | "image" | "exited" | "oom")[];
                /** @default 10s */
                backoff?: string;
            }) | null;
            /** @description Ids or names that must have finished with exit code 0 first. */
            after?: string[] | null;
            /** @description Which of the server's targets are told of its changes; [] none of them. */
            notify?: string[] | null;
            matrix: {
                [key: string]: (string | number | boolean)[];
            };
        };
        NewExperiments: {
            name: string;
            description?: string | null;
            docker: {
                image: string;
                /**
                 * @description Split into words as a shell does; nothing is expanded. Empty: the image's own.
                 * @default
                 */
                command?: string;
                /**
                 * @description Strings, numbers and booleans keep their types; a secret is filled in by the host.
                 * @default {}
                 */
                environment?: {
                    [key: string]: string | number | boolean | {
                        secret: string;
                    };
                };
                entrypoint?: string | null;
                workdir?: string | null;
                user?: string | null;
                /** @description /host/path:/container/path, with :rw behind it to write there, as far as the host allows. */
                volumes?: string[] | null;
            };
            /** @description Any JSON; it comes back as it was sent. */
            metadata?: unknown;
            resources?: {
                /** @description Absent: one where the host has GPUs, none elsewhere. 0 never holds one. */
                gpus?: number;
                /** @description Part of the model's name, or a pattern with *. */
                gpu_model?: string;
                /** @description Of each GPU at least, such as "40GiB"; "80GB" (decimal) for a card that is sold as 80GB. */
                gpu_memory?: string;
                cpus?: number;
                /** @description A limit, such as "16GiB". */
                memory?: string;
                /** @description The size of /dev/shm. */
                shm_size?: string;
                /** @description Names, in which * is any text, or labels such as rack=a: any of them will do. */
                host?: string | string[];
            } | null;
            /** @description Higher goes first. */
            priority?: number | null;
            /** @description From the container's start, such as "12h"; then it is stopped. */
            time_limit?: string | null;
            /** @description So long before the time limit it gets a signal. */
            time_limit_warning?: (string | {
                before: string;
                /**
                 * @default SIGUSR1
                 * @enum {string}
                 */
                signal?: "SIGUSR1" | "SIGUSR2" | "SIGHUP" | "SIGINT" | "SIGTERM";
            }) | null;
            /** @description How often it is tried again by itself, and after which ends. */
            retries?: (number | {
                count: number;
                /**
                 * @default [
                 *       "host_lost",
                 *       "engine",
                 *       "image"
                 *     ]
                 */
                on?: ("host_lost" | "engine" | "image" | "exited" | "oom")[];
                /** @default 10s */
                backoff?: string;
            }) | null;
            /** @description Ids or names that must have finished with exit code 0 first. */
            after?: string[] | null;
            /** @description Which of the server's targets are told of its changes; [] none of them. */
            notify?: string[] | null;
        }[];
        /** @description What a body with a matrix made. */
        Sweep: {
            /** Format: uuid */
            group: string;
            experiments: components["schemas"]["Experiment"][];
        };
        ExperimentChange: {
            id?: string | null;
            status?: (("ENQUEUED" | "RUNNING" | "FINISHED" | "CANCELLED") | "") | null;
            updated_at?: (string | "") | null;
            name?: string | null;
            description?: string | null;
            metadata?: unknown;
            docker?: {
                image?: string | null;
                command?: string | null;
                environment?: unknown;
                entrypoint?: string | null;
                workdir?: string | null;
                user?: string | null;
                volumes?: string[] | null;
            } | null;
            resources?: {
                /** @description Absent: one where the host has GPUs, none elsewhere. 0 never holds one. */
                gpus?: number;
                /** @description Part of the model's name, or a pattern with *. */
                gpu_model?: string;
                /** @description Of each GPU at least, such as "40GiB"; "80GB" (decimal) for a card that is sold as 80GB. */
                gpu_memory?: string;
                cpus?: number;
                /** @description A limit, such as "16GiB". */
                memory?: string;
                /** @description The size of /dev/shm. */
                shm_size?: string;
                /** @description Names, in which * is any text, or labels such as rack=a: any of them will do. */
                host?: string | string[];
            } | null;
            priority?: number | null;
            time_limit?: (string | "") | null;
            time_limit_warning?: unknown;
            retries?: unknown;
            after?: unknown;
            notify?: string[] | null;
        };
        ExperimentMetrics: {
            /** Format: uuid */
            experiment: string;
            attempt: number | null;
            attempts: number;
            step: number | null;
            series: {
                name: string;
                gpu: string | null;
                /** @enum {string} */
                source: "sampled" | "printed";
                unit: string | null;
                points: [
                    number,
                    number | ("NaN" | "Infinity" | "-Infinity"),
                    number | ("NaN" | "Infinity" | "-Infinity"),
                    number | ("NaN" | "Infinity" | "-Infinity"),
                    number | null
                ][];
            }[];
        };
        /** @description Why an experiment waits. */
        Placement: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            status: "ENQUEUED" | "RUNNING" | "FINISHED" | "CANCELLED";
            /** @description in the line, from 1 */
            position: number | null;
            message: string;
            estimated_start: string | null;
            reservation: {
                host: string;
                from: string | null;
                gpus: string[];
            } | null;
            hosts: {
                host: string;
                fits: boolean;
                /** @description the first rule that it fails */
                rule: ("host" | "gpu_model" | "gpu_memory" | "gpus" | "cpus" | "memory" | "closed" | "quota" | "slots" | "free_gpus" | "free_cpus" | "free_memory" | "reserved") | null;
                message: string;
            }[];
        };
        /** @description The experiments of one sweep. */
        Group: {
            /** Format: uuid */
            id: string;
            name: string;
            matrix: {
                [key: string]: (string | number | boolean)[];
            };
            owner: string;
            /** Format: date-time */
            created_at: string;
            experiments: number;
            counts: {
                ENQUEUED: number;
                RUNNING: number;
                FINISHED: number;
                CANCELLED: number;
            };
            /** @description finished with another exit code than 0 */
            failed: number;
            ended: boolean;
        };
        GroupChange: {
            /** @constant */
            status: "CANCELLED";
        };
        Host: {
            name: string;
            /** @enum {string} */
            state: "active" | "cordoned" | "draining" | "lost";
            /** @description why it takes nothing now, to follow its name */
            problem: string | null;
            reason: string | null;
            changed_by: string | null;
            changed_at: string | null;
            /** @description seconds */
            heartbeat_age: number;
            /** Format: date-time */
            registered_at: string;
            version: string;
            labels: string[];
            /** @description of the machine, as of its last heartbeat; null: none was told yet */
            load: {
                /** @description over 1, 5 and 15 minutes */
                average: number[];
                /** @description bytes */
                memory_available: number;
                /** @description where Docker keeps its data; null: not seen from the runner */
                disk_free: number | null;
            } | null;
            slots: number;
            cpus: number;
            /** @description bytes */
            memory: number;
            /** @description what a container gets at most; null: no limit */
            max_cpus: number | null;
            max_memory: number | null;
            /** @description what waits for an operator's word after the database was restored */
            restored: {
                /** Format: date-time */
                at: string;
                unknown: components["schemas"]["UnknownAttempt"][];
            } | null;
            /** @description attempts that are open there */
            running: number;
            gpus: components["schemas"]["Gpu"][];
        };
        /** @description It ran there, and the database does not know it. */
        UnknownAttempt: {
            /** Format: uuid */
            attempt: string;
            /** Format: uuid */
            experiment: string;
            number: number;
            name: string | null;
            image: string | null;
            running: boolean;
            result: ({
                reason: string;
                exit_code: number | null;
            } & {
                [key: string]: unknown;
            }) | null;
        };
        Gpu: {
            uuid: string;
            index: number;
            model: string;
            /** @description bytes */
            memory: number;
            /** @description who holds it */
            experiment: string | null;
            attempt: number | null;
            /** @description why it is not granted though nobody holds it */
            withheld: string | null;
            withheld_since: string | null;
        };
        HostChange: {
            /** @enum {string} */
            state: "active" | "cordoned" | "draining";
            reason?: string | null;
        } | {
            /** @enum {string} */
            restored: "adopt" | "discard";
            attempts?: string[] | null;
        };
        HostRemoved: {
            name: string;
            /** @constant */
            removed: true;
        };
        Event: {
            id: string;
            /** Format: date-time */
            at: string;
            kind: string;
            actor: string;
            experiment: string | null;
            attempt: string | null;
            host: string | null;
            detail: {
                [key: string]: unknown;
            };
        };
        Notification: {
            /** Format: uuid */
            id: string;
            target: string;
            /** Format: uuid */
            experiment: string;
            /** @description the experiment's */
            name: string;
            /**
             * @description what it became
             * @enum {string}
             */
            status: "ENQUEUED" | "RUNNING" | "FINISHED" | "CANCELLED";
            attempt: number;
            /** @enum {string} */
            state: "waiting" | "sent" | "failed";
            tries: number;
            /** @description what the last try met */
            error: string | null;
            /** Format: date-time */
            created_at: string;
            next_try_at: string | null;
            /** @description when it was sent or given up */
            settled_at: string | null;
        };
        Resend: {
            /** @description Only those of this target. */
            target?: string;
        };
        TelegramLink: {
            code: string;
            /** @description what to send to the bot */
            message: string;
            /** @description how long it can be used */
            minutes: number;
        };
        NewSession: {
            token: string;
        };
        Session: {
            owner: string | null;
        };
        Health: {
            /** @enum {string} */
            status: "ok" | "ready";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listExperiments: {
        parameters: {
            query?: {
                /** @description One page of so many. */
                limit?: number;
                /** @description Go on after the page that answered this in Skeduler-Cursor. */
                cursor?: string;
                /** @description asc: oldest first. */
                order?: "asc" | "desc";
                /** @description Any of ENQUEUED, RUNNING, FINISHED, CANCELLED, joined by commas. */
                status?: string;
                owner?: string;
                name?: string;
                group?: string;
                /** @description The beginning of an id. */
                id_prefix?: string;
                updated_since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The experiments. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description the `cursor` of the next page; absent on the last */
                    "Skeduler-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"][];
                };
            };
            /** @description Code `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    createExperiment: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters: a repeat within 24 hours answers what the first one made */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "train",
                 *       "docker": {
                 *         "image": "pytorch/pytorch",
                 *         "command": "python train.py --lr 0.1",
                 *         "environment": {
                 *           "SEED": 1
                 *         }
                 *       },
                 *       "resources": {
                 *         "gpus": 2,
                 *         "gpu_memory": "40GiB"
                 *       },
                 *       "time_limit": "12h"
                 *     }
                 */
                "application/json": components["schemas"]["NewExperiment"] | components["schemas"]["NewSweep"] | components["schemas"]["NewExperiments"];
            };
        };
        responses: {
            /** @description The complete experiment; an array of them; or a sweep's group with its experiments. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"] | components["schemas"]["Experiment"][] | components["schemas"]["Sweep"];
                };
            };
            /** @description Code `invalid_json`, `invalid_utf8`, `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `payload_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `idempotency_mismatch`. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `quota`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The experiment. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            /** @description Code `malformed_id`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    updateExperiment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "status": "CANCELLED"
                 *     }
                 */
                "application/json": components["schemas"]["ExperimentChange"];
            };
        };
        responses: {
            /** @description The experiment as it is now. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Experiment"];
                };
            };
            /** @description Code `malformed_id`, `invalid_json`, `invalid_utf8`, `validation`, `immutable`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `conflict`, `stale`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `payload_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `quota`. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getExperimentMetrics: {
        parameters: {
            query?: {
                attempt?: string;
                from?: string;
                to?: string;
                step?: string;
                names?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The series. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExperimentMetrics"];
                };
            };
            /** @description Code `malformed_id`, `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `log_expired`. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getPlacement: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Why it waits, or that it does not. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Placement"];
                };
            };
            /** @description Code `malformed_id`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listGroups: {
        parameters: {
            query?: {
                /** @description One page of so many. */
                limit?: number;
                /** @description Go on after the page that answered this in Skeduler-Cursor. */
                cursor?: string;
                name?: string;
                /** @description The beginning of an id. */
                id_prefix?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The groups. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description the `cursor` of the next page; absent on the last */
                    "Skeduler-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"][];
                };
            };
            /** @description Code `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getGroup: {
        parameters: {
            query?: {
                /** @description How long to wait for a change: at most 5m, such as "60s". */
                wait?: string;
            };
            header?: {
                /** @description the ETag of an earlier answer: what has changed since is not waited for */
                "If-None-Match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The group. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description another one with each change */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
            /** @description Nothing has changed. */
            304: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code `malformed_id`, `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    updateGroup: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "status": "CANCELLED"
                 *     }
                 */
                "application/json": components["schemas"]["GroupChange"];
            };
        };
        responses: {
            /** @description The group as it is now. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Group"];
                };
            };
            /** @description Code `malformed_id`, `invalid_json`, `invalid_utf8`, `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `payload_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readLog: {
        parameters: {
            query?: {
                /** @description stdout, stderr, skeduler, joined by commas; absent: all. */
                stream?: string;
                /** @description 1: the time before each line. */
                timestamps?: "0" | "1" | "" | "true" | "false";
                /** @description The last so many lines. */
                tail?: number;
                /** @description From the first line at this time or later. */
                since?: string;
                /** @description Absent: the latest. */
                attempt?: number;
            };
            header?: {
                /** @description bytes of a closed attempt's log */
                Range?: string;
                /** @description an ETag: 304 where it still is that */
                "If-None-Match"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The log. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description of a closed attempt's log */
                    ETag?: string;
                    /** @description `bytes` for a closed attempt's log */
                    "Accept-Ranges"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description The range. */
            206: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description which bytes of how many */
                    "Content-Range"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description It is what the ETag says. */
            304: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Code `malformed_id`, `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `log_expired`. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `range_not_satisfiable`. */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    tailLog: {
        parameters: {
            query?: {
                /** @description stdout, stderr, skeduler, joined by commas; absent: all. */
                stream?: string;
                /** @description 1: the time before each line. */
                timestamps?: "0" | "1" | "" | "true" | "false";
                /** @description The last so many lines. */
                tail?: number;
                /** @description From the first line at this time or later. */
                since?: string;
                /** @description Absent: the latest. */
                attempt?: number;
                /** @description The position to go on from: ATTEMPT.BYTES. */
                after?: string;
                /** @description By websocket. */
                ws?: string;
                /** @description By websocket: positions between the lines. */
                cursor?: "0" | "1" | "" | "true" | "false";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description With `ws`: the websocket. */
            101: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The log as it comes. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description where it begins: ATTEMPT.BYTES */
                    "Skeduler-Position"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Code `malformed_id`, `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `log_expired`. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `upgrade_required`. */
            426: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listHosts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The hosts by name. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"][];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getHost: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The host. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    updateHost: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "state": "draining",
                 *       "reason": "new power supply"
                 *     }
                 */
                "application/json": components["schemas"]["HostChange"];
            };
        };
        responses: {
            /** @description The host as it is now. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Host"];
                };
            };
            /** @description Code `invalid_json`, `invalid_utf8`, `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `conflict`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `payload_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    deleteHost: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostRemoved"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `conflict`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                experiment?: string;
                host?: string;
                kind?: string;
                actor?: string;
                since?: string;
                order?: "asc" | "desc";
                limit?: string;
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description the `cursor` of the next page; absent on the last */
                    "Skeduler-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Event"][];
                };
            };
            /** @description Code `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                experiment?: string;
                host?: string;
                kind?: string;
                actor?: string;
                after?: string;
            };
            header?: {
                /** @description the id of the event that was seen last */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream; it ends when the server stops. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Code `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    listNotifications: {
        parameters: {
            query?: {
                state?: "waiting" | "sent" | "failed";
                target?: string;
                experiment?: string;
                /** @description One page of so many. */
                limit?: number;
                /** @description Go on after the page that answered this in Skeduler-Cursor. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notifications. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description the `cursor` of the next page; absent on the last */
                    "Skeduler-Cursor"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"][];
                };
            };
            /** @description Code `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notification. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"];
                };
            };
            /** @description Code `malformed_id`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resendNotification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notification, which waits now. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Notification"];
                };
            };
            /** @description Code `malformed_id`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `not_found`. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `conflict`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    resendNotifications: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "target": "lab"
                 *     }
                 */
                "application/json": components["schemas"]["Resend"];
            };
        };
        responses: {
            /** @description How many. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        resent: number;
                    };
                };
            };
            /** @description Code `invalid_json`, `invalid_utf8`, `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `payload_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    createTelegramLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The code, and how many minutes it holds. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TelegramLink"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `conflict`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    createSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "token": "…"
                 *     }
                 */
                "application/json": components["schemas"]["NewSession"];
            };
        };
        responses: {
            /** @description Signed in. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description HttpOnly, SameSite=Strict; it counts only with the server's own Origin */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Code `invalid_json`, `invalid_utf8`, `validation`. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `payload_too_large`. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    deleteSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cookie is forgotten. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    /** @description HttpOnly, SameSite=Strict; it counts only with the server's own Origin */
                    "Set-Cookie"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus' text format. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Code `unauthorized`. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getOpenapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
    getDocs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    /** @description the id of this request in the server's log */
                    "X-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Code `foreign_host`, `foreign_origin`. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `internal`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
            /** @description Code `unavailable`. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Error"];
                };
            };
        };
    };
}
