"""What must always hold across the contexts, as questions to the database that find no row.

Only the composition root may know all contexts, so the checks that cross them live here. They read
and never repair. The contexts' own rules are database constraints first; where one is repeated
here, it is to notice that somebody took the constraint away.
"""

from config.invariants.catalogue import list_invariants
from config.invariants.checking import Finding, Invariant, Scope, check_invariants

__all__ = ["Finding", "Invariant", "Scope", "check_invariants", "list_invariants"]
