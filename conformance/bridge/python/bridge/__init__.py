"""The Python half of the bridge: thin wrappers under CPython's names around the objects of asyncio-ts.

What is checked here is not tested; so these modules convert and call, and leave every decision to JavaScript.
"""
