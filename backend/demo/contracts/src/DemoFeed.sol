// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// A price feed with the interface and the events of Chainlink's aggregators; its reporters say what they see elsewhere.
contract DemoFeed {
    struct Round {
        int256 answer;
        uint256 updatedAt;
    }

    uint8 public constant decimals = 8;
    uint256 public constant version = 4;
    string public description;
    uint80 public latestRound;
    mapping(uint80 => Round) private rounds;
    mapping(address => bool) public isReporter;

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);
    event NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt);

    constructor(string memory description_, address[] memory reporters) {
        description = description_;
        for (uint256 i = 0; i < reporters.length; i++) {
            isReporter[reporters[i]] = true;
        }
    }

    function report(int256 answer) external {
        require(isReporter[msg.sender], "DemoFeed: not a reporter");
        latestRound += 1;
        rounds[latestRound] = Round(answer, block.timestamp);
        emit NewRound(latestRound, msg.sender, block.timestamp);
        emit AnswerUpdated(answer, latestRound, block.timestamp);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latestRound);
    }

    function getRoundData(uint80 roundId) public view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = rounds[roundId];
        require(round.updatedAt > 0, "No data present");
        return (roundId, round.answer, round.updatedAt, round.updatedAt, roundId);
    }
}
