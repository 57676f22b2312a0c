"""What lanes put where all of them find it."""

import numpy as np
from support.threads import Lanes

from solvers.straightline.dealing import Dealing
from solvers.straightline.pool import Pool, PooledElements

DEALING = Dealing(4, ((0, 2, 4, 6), (1, 3, 5, None)))


def test_lanes_find_what_others_put():
    def swap(own, common):
        pool = Pool(common, 3, 4)
        pool.put(0, own[0])
        pool.put(1, own[1], turn=1)
        pool.settle()
        return pool.by_lane([3, 2, 1, None]), pool.by_lane([4, 5, 6, 7]), pool[2]

    own = np.arange(16.0).reshape(2, 8)
    found, turned, third = Lanes(4, runs=2).run(swap, own, Lanes.common(np.full((11, 2), np.nan)))
    assert found.tolist()[:3] + found.tolist()[4:7] == [3.0, 2.0, 1.0, 7.0, 6.0, 5.0]
    assert turned.tolist() == [11.0, 8.0, 9.0, 10.0, 15.0, 12.0, 13.0, 14.0]
    assert third.tolist() == [2.0] * 4 + [6.0] * 4


def test_elements_are_found_by_their_own_numbers():
    def read(own, common):
        elements = PooledElements(own, DEALING, Pool(common, 0, 4))
        found = elements.by_lane([6, 5, None, 0]), elements[3]
        elements.settle()
        return found

    own = np.array([[10.0 + each if each is not None else 0.0 for each in slot] for slot in DEALING.slots])
    by_lane, third = Lanes(4).run(read, own, Lanes.common(np.full((8, 1), np.nan)))
    assert by_lane[[0, 1, 3]].tolist() == [16.0, 15.0, 10.0]
    assert (third == 13.0).all()
