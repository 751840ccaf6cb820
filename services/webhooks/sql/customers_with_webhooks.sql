SELECT DISTINCT owner FROM webhooks WHERE owner <> $1
