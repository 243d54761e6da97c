"""Whether a problem is well posed: equations for unknowns, short waves, values to start from."""

from dataclasses import dataclass

from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.faults import Findings, many, meant
from fieldsmith.problems.growth import Growth, Waves
from fieldsmith.problems.system import System
from fieldsmith.problems.tables import Tables
from fieldsmith.problems.tokens import latin


@dataclass
class Posed:
    """Checks of one system, told in the findings of its tables."""

    system: System
    tables: Tables

    @property
    def told(self) -> Findings:
        return self.tables.findings

    def unknowns(self) -> bool:
        """As many equations as unknowns, each with an unknown in it."""
        system, spot = self.system, self.tables.spot("equations")
        before = len(self.told.found)
        names = [unknown.name for unknown in system.unknowns]
        met = {system.jets.meanings[jet][0] for law in system.laws for jet in system.jets.among(law.residual)}
        for law in system.laws:
            if not system.jets.among(law.residual):
                what = "The equation always holds." if law.residual == 0 else "The equation holds no unknown."
                self.told.fault(
                    law.spot, what, "An unknown is what has a derivative in an equation, or is named in [unknowns]."
                )
        for name in names:
            if name not in met and system.jets.partners.get(name) not in met:
                declared = name in self.tables.table("unknowns")
                close = meant(name, [n for n in names if n != name])
                here = self.tables.spot("unknowns", name) if declared else spot
                self.told.fault(here, f"No equation holds the unknown {name}.", close)
        given = self.tables.document.get("equations") or ()
        count = 1 if isinstance(given, str) else len(given)
        if not names and count:
            self.told.fault(spot, "No equation has a derivative of an unknown.", "Such as u_t = u_xx.")
        elif count != len(names):
            close = [f"{a} and {b}" for k, a in enumerate(names) for b in names[k + 1 :] if meant(a, [b])]
            mend = (
                f"Are {close[0]} meant to be the same?"
                if close
                else "As many of each are needed; a given field belongs into [coefficients], a number into [parameters]."
            )
            self.told.fault(
                spot, f"There {_are(count, 'equation')} for {many(len(names), 'unknown')} ({', '.join(names)}).", mend
            )
        elif len(system.residuals) != len(system.fields):
            self._parts()
        return len(self.told.found) == before

    def _parts(self) -> None:
        """Equations of complex numbers count twice, and so do complex unknowns: there are more or fewer of one than of the other."""
        system = self.system
        real = [law for law in system.laws if system.jets.is_real(law.residual)]
        plain = [unknown.name for unknown in system.unknowns if not unknown.complex]
        listed = f" ({', '.join(plain)})" if plain else ""
        self.told.fault(
            self.tables.spot("equations"),
            f"{len(real)} of {many(len(system.laws), 'equation')} {'is' if len(real) == 1 else 'are'} real, but {len(plain)} of {many(len(system.unknowns), 'unknown')}{listed}.",
            "An equation for a real unknown has no imaginary part; what is complex is declared so in [unknowns], or taken apart by re, im and abs.",
        )

    def start(self, form: Canonical) -> None:
        """Initial values: one for each order in time, none for what follows from a constraint."""
        system = self.system
        if not system.time:
            return
        clock = system.time.name
        given = {latin(str(key)) for key in self.tables.table("initial")}
        for name, order in form.orders.items():
            wanted = [name, f"{name}_{clock}"][:order]
            for value in wanted:
                if value not in given:
                    why = f" ({name} is of second order in time)" if order == 2 else ""
                    hint = f'Write {value} = "…" below [initial].'
                    self.told.fault(
                        self.tables.spot("initial", value), f"There is no initial value of {value}{why}.", hint
                    )
            for value in (name, f"{name}_{clock}"):
                if value in given and value not in wanted:
                    why = (
                        "it follows from its equation, which has no time derivative of it"
                        if not order
                        else f"{name} is of first order in time"
                    )
                    self.told.fault(
                        self.tables.spot("initial", value),
                        f"An initial value of {value} is one too many: {why}.",
                        "Leave it out.",
                    )

    def waves(self, seen: Waves | None, form: Canonical) -> None:
        if seen is None or seen.growth is None:
            return
        what, mend = self._growing(seen.growth, form)
        parameter = seen.growth.parameter
        spot = self.tables.spot("parameters", parameter) if parameter else self.system.laws[0].spot
        self.told.fault(spot, what, mend)

    def _growing(self, growth: Growth, form: Canonical) -> tuple[str, str]:
        system = self.system
        power = round(growth.power)
        where = ""
        if len(system.axes) > 1:
            where = f" in the direction ({', '.join(map(str, growth.direction))})"
        for_value = f" for {growth.parameter} = {growth.value:g}" if growth.parameter else ""
        rise = f"waves of wave number k{where} grow like exp(c k{'^' + str(power) if power > 1 else ''} t){for_value}"
        if form.order == 2 and len(form.orders) == 1 and not growth.beneath:
            return (
                f"The problem is elliptic in time: {rise}.",
                "No starting values lead anywhere; a wave equation is u_tt = +c**2*u_xx, a beam u_tt = -c**2*u_xxxx.",
            )
        if power == 2 and form.order == 1:
            kind = "ill posed" if growth.beneath else "a heat equation backwards in time"
            return (
                f"The problem is {kind}: {rise}.",
                "Look at the sign of the second derivatives: u_t = +D*u_xx spreads.",
            )
        if power == 4 and form.order == 1:
            return (
                f"The problem is ill posed: {rise}.",
                "Look at the sign of the fourth derivatives: u_t = -D*u_xxxx spreads.",
            )
        return (
            f"The problem is ill posed: {rise}.",
            f"Look at the signs of the {'terms below the highest' if growth.beneath else 'highest derivatives'}.",
        )


def _are(count: int, what: str) -> str:
    return f"{'is' if count == 1 else 'are'} {many(count, what)}"
