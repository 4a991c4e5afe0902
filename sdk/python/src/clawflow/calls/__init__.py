"""Every call, written once: :mod:`clawflow` and :mod:`clawflow.aio` are made from the same.

Each function takes the binding first, and returns the steps of the call. Its signature and its
documentation are the methods'.
"""
