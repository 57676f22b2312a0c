"""Lobatto IIIC of order 4, 3 stages.

The error compares with the weights b_hat = (-1/2, 2, -1/2), of order 2; it needs no f(t, y). The weights of order 3
which a further slope f(t, y) would allow differ from b only by f(t, y) - k_1, which vanishes where f depends on t
alone.
"""

from solvers.tableaus.fully_implicit import FullyImplicitTableau, Transformation

# fmt: off
_LOBATTO_IIIC_4_A = (
    (1 / 6, -1 / 3, 1 / 6),
    (1 / 6, 5 / 12, -1 / 12),
    (1 / 6, 2 / 3, 1 / 6),
)
_LOBATTO_IIIC_4_T = (
    (0.40726395317321044834, -0.60270502055051423361, -0.43093212292032257311),
    (0.18547209365357910332, 0.1775508472321797811, 0.51944990800113948443),
    (0.89427969613621835225, 1.0, 0.0),
)
_LOBATTO_IIIC_4_INVERSE = (
    (1.0326372242409411921, 0.85666884216239347894, 0.47027336073401897814),
    (-0.92346650311313686121, -0.76610155185835124108, 0.57944408186182330907),
    (-0.053062148095041167466, 1.8810934429360759126, -0.36597055757427452547),
)
# fmt: on

LOBATTO_IIIC_4 = FullyImplicitTableau(
    name="lobatto_iiic_4",
    title="Lobatto IIIC of order 4, 3 stages, L-stable and stiffly accurate",
    source=(
        "F. H. Chipman, A-stable Runge-Kutta processes, BIT 11 (1971) 384-388; E. Hairer, G. Wanner, Solving Ordinary "
        "Differential Equations II, 2nd ed., Springer 1996, IV.5"
    ),
    order=4,
    embedded_orders=(2,),
    blind_to="what forces a stiff system",
    aliases=("lobatto3c", "lobatto_iiic"),
    a=_LOBATTO_IIIC_4_A,
    b=_LOBATTO_IIIC_4_A[-1],
    c=(0.0, 0.5, 1.0),
    error=(0.0, 2 / 3, -4 / 3, 2 / 3),
    error_gamma=0.3808338772072650364,
    transformation=Transformation(
        real=(2.625816818958466716,),
        pairs=((1.687091590520766642, 2.5087317549248805108),),
        t=_LOBATTO_IIIC_4_T,
        inverse=_LOBATTO_IIIC_4_INVERSE,
    ),
    dense_order=3,
)
