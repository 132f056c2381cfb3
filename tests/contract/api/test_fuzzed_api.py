"""Our own API under generated requests, good and bad: every answer is as our document says.

What is checked is all that schemathesis knows to check of an answer: no server error, documented
statuses, media types, bodies and headers, what does not fit refused, what needs a token refused
without one, methods and headers that are not there. `asking.py` names what is left out, and why.
"""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from tests.contract.api.asking import Asker

pytestmark = pytest.mark.django_db(transaction=True)

RARELY = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class TestOurApi:
    def test_answers_as_documented_at_every_bound(self, service: Asker, customer: Asker) -> None:
        """Each operation is asked by somebody whom it serves."""
        for operation in service.operations():
            asker = customer if operation.path.startswith("/api/v1/customers/me") else service
            for case in asker.bounds_of(operation):
                asker.send_for_real(case)
        assert len(service.seen) > 80, service.seen
        assert len(customer.seen) > 25, customer.seen

    @pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
    def test_answers_as_documented_whatever_is_sent(
        self, service: Asker, customer: Asker, mode: GenerationMode
    ) -> None:
        for operation in service.operations():
            strategy = operation.as_strategy(generation_mode=mode)
            for asker in (service, customer):
                RARELY(given(case=strategy)(asker.send_for_real))()
        assert len(service.seen) > 25, service.seen
        assert len(customer.seen) > 25, customer.seen
