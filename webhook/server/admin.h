/* admin.h: the pages of the plain listener, for probes and Prometheus. */
#pragma once

struct reply;
struct request;

/* 200 as long as the process answers at all. */
void admin_healthz(struct request *r, struct reply *reply);
/* 200 once the first load of the facts has ended, 503 before and while draining. */
void admin_readyz(struct request *r, struct reply *reply);
void admin_metrics(struct request *r, struct reply *reply);
