"""Queues of what needs a person: claims, two officers, questions, standing answers, remedies, obligations."""
