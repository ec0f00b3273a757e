#include "server/admin.h"
#include "server/clock.h"
#include "server/request.h"

void admin_healthz(struct request *r, struct reply *reply)
{
    (void)r;
    reply->type = "text/plain; charset=utf-8";
    buf_adds(&reply->body, "alive\n");
}

void admin_readyz(struct request *r, struct reply *reply)
{
    bool draining = atomic_load(&r->server->draining);
    bool ready = atomic_load(&r->server->ready);

    reply->type = "text/plain; charset=utf-8";
    reply->status = ready && !draining ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
    buf_adds(&reply->body, draining ? "not ready: draining\n"
                           : ready  ? "ready\n"
                                    : "not ready: the first load of the facts has not ended\n");
}

void admin_metrics(struct request *r, struct reply *reply)
{
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_write(r->server->options.metrics, clock_unix_seconds(), &reply->body);
}
