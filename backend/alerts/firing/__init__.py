"""From the stream to stored alerts: the part of the alerts domain that runs in the worker."""
